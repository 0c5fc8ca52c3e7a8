/** The form of a charge point: which station it is for, who may charge there, and what securing it needs. */
import * as z from 'zod/mini';
import { linesOf, parseTagLine } from '../../drivers/ocpp/codec/card-list.ts';
import {
  backendUrl,
  chargePointFields,
  isIdentity,
  longestIdentity,
  passwordLength,
  passwordLimits,
} from '../../drivers/ocpp/codec/limits.ts';
import {
  choiceField,
  configNodeField,
  type FieldCheck,
  flagField,
  idField,
  numberField,
  optionalNumberField,
  patternField,
  textField,
} from '../field.ts';
import { asText, currentFlag, currentText, inputOf, isFormOpen, isVariable, secretIn } from '../field-values.ts';
import type { NodeForm, OpenForm } from '../form.ts';
import { DeviceChoice } from '../parts/device-choice.ts';
import { fillDatalist } from '../parts/known-devices.ts';
import { machineAddresses, type OwnAddress } from '../parts/listen-address.ts';
import { addLiveValues } from '../parts/live-values.ts';
import { ReferenceList } from '../parts/reference-list.ts';
import { repeatWhileShown, showLines } from '../parts/result.ts';
import { askStations, lookEveryMs, nameplate } from '../parts/server-stations.ts';
import { showStation } from '../parts/station-details.ts';
import { copyButton, identityInUrl, showUrls, stationUrls } from '../parts/station-urls.ts';
import type { EditorClient, EditorNode, SaveResult } from '../red.ts';
import { get } from '../request.ts';
import { labelOf, listed, text } from '../texts.ts';

declare const RED: EditorClient;

/** Node-RED sends this to the editor in place of a stored password. */
const storedPassword = '__PWRD__';

const presets = z.array(z.object({ id: z.string(), title: z.string() }));

const needsPassword = (security: string): boolean => security === '1' || security === '2';

/** A station is for one node. */
const checkIdentity: FieldCheck = (value, { node, name }) => {
  const identity = asText(value);
  if (identity === '' || isVariable(identity)) return true;
  if (!isIdentity(identity)) return text(node, 'error.identity', { label: labelOf(node, name), max: longestIdentity });
  const server = currentText(node, 'server');
  const isTaken = RED.nodes
    .filterNodes({ type: 'ems-ocpp' })
    .some((other) => other.id !== node.id && !other.d && other.server === server && other.identity === identity);
  return isTaken ? text(node, 'error.taken', { value: identity }) : true;
};

const checkTags: FieldCheck = (value, { node }) => {
  if (currentText(node, 'authorise') === 'free' || isVariable(value)) return true;
  const wrong = linesOf(asText(value)).find((line) => !parseTagLine(line));
  return wrong === undefined ? true : text(node, 'error.tag', { value: wrong });
};

/** Node-RED asks this while the form is open only: nothing else in the browser knows passwords. */
const checkPassword = (value: unknown, node: EditorNode): true | string => {
  if (!isFormOpen(node) || !needsPassword(currentText(node, 'security')) || value === storedPassword) return true;
  const length = passwordLength(typeof value === 'string' ? value : '');
  const { min, max } = passwordLimits;
  // A node without an identity may take over the password with which its station comes.
  if (length === 0) return currentText(node, 'identity') === '' ? true : text(node, 'error.noPassword');
  if (length > max) return text(node, 'error.longPassword', { max });
  return length >= min || currentFlag(node, 'weak') ? true : text(node, 'error.shortPassword', { min });
};

/** @returns 16 random bytes as hex digits: a password that every version of OCPP can take */
export const generatePassword = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** @returns keys of the texts warning.<key>: what the chosen server lacks for a security profile */
export const securityWarnings = (security: string, server: EditorNode | null): string[] => {
  const isTlsNeeded = Number(security) >= 2;
  const hasTls = asText(server?.tlsPort) !== '';
  return [
    ...(security === '1' ? ['plain'] : []),
    ...(server && isTlsNeeded && !hasTls ? ['noTls'] : []),
    ...(server && security === '3' && hasTls && !server.clientCertificates ? ['noCertificates'] : []),
  ];
};

class ChargePointForm implements OpenForm {
  private readonly node: EditorNode;
  private readonly references: ReferenceList;
  private machine: readonly OwnAddress[] = [];
  private isClosed = false;

  constructor(node: EditorNode) {
    this.node = node;
    for (const field of ['server', 'identity', 'authorise', 'security', 'forwardUrl'])
      inputOf(node, field).on('input change', () => this.show());
    inputOf(node, 'server').on('change', () => void this.look());
    this.addPasswordButtons();
    void machineAddresses().then((machine) => {
      this.machine = machine;
      this.show();
    });
    void this.fillPresets();
    this.references = new ReferenceList(node, 'devices', 'device');
    addLiveValues(node, 'ocpp');
    $('#ems-station-facts').on('toggle', () => void showStation(node));
    repeatWhileShown('#ems-station-facts', lookEveryMs, () => void showStation(node));
    repeatWhileShown('#ems-ocpp-urls', lookEveryMs, () => void this.look());
  }

  save(): SaveResult {
    return { history: this.references.save() };
  }

  close(): void {
    this.isClosed = true;
  }

  private server(): EditorNode | null {
    return RED.nodes.node(currentText(this.node, 'server'));
  }

  /** A password that was generated can be read now, and never again. */
  private addPasswordButtons(): void {
    const { node } = this;
    const input = inputOf(node, 'password');
    const copy = copyButton(node, () => secretIn(input))
      .attr('id', 'ems-ocpp-copy')
      .hide()
      .appendTo('#ems-row-password > .ems-beside');
    $('#ems-ocpp-generate').on('click', () => {
      input.attr('type', 'text').val(generatePassword()).trigger('change');
      copy.show();
      showLines('#ems-ocpp-generated', [text(node, 'generated')], true);
    });
  }

  private async fillPresets(): Promise<void> {
    const select = inputOf(this.node, 'preset');
    const fill = (known: z.infer<typeof presets>, chosen: string): void => {
      select.children('[value!=""]').remove();
      const isListed = chosen === '' || known.some(({ id }) => id === chosen);
      for (const { id, title } of isListed ? known : [...known, { id: chosen, title: chosen }])
        $('<option>', { value: id }).text(title).appendTo(select);
      select.val(chosen);
    };
    // The choice stays, also where the list does not come.
    fill([], asText(this.node.preset));
    const choice = new DeviceChoice(this.node, 'ems-ocpp', 'preset');
    const answer = await get('ems/ocpp-presets', presets);
    if (answer.ok) fill(answer.value, currentText(this.node, 'preset'));
    choice.refresh();
  }

  /** Offers the stations that wait for approval at the chosen server. */
  private async look(): Promise<void> {
    this.show();
    const server = this.server();
    const answer = server && (await askStations(server.id));
    // The form of another charge point may be open by now.
    if (this.isClosed) return;
    const pending = answer?.ok ? answer.value.pending : [];
    fillDatalist(
      'ems-list-waiting',
      pending.map((station) => [station.identity, listed([nameplate(station), station.address])]),
    );
    $('#ems-ocpp-waiting-now')
      .toggle(pending.length > 0)
      .text(text(this.node, 'url.waiting', { value: pending.map(({ identity }) => identity).join(', ') }));
  }

  private show(): void {
    const { node } = this;
    const [authorise, security] = [currentText(node, 'authorise'), currentText(node, 'security')];
    const isForwarded = currentText(node, 'forwardUrl') !== '';
    $('#ems-row-tags').toggle(authorise !== 'free');
    $('#ems-row-onePlace').toggle(authorise === 'list');
    $('#ems-row-autostart').toggle(authorise === 'free');
    $('#ems-row-password, #ems-row-weak, #ems-row-shutOut').toggle(needsPassword(security));
    $('#ems-row-certificateNames').toggle(security === '3');
    $('#ems-row-forwardMode, #ems-row-forwardPassword').toggle(isForwarded);
    $('#ems-row-foreign').toggle(!isForwarded);
    $('#ems-ocpp-authorise').text(text(node, `meaning.${authorise}`));
    $('#ems-ocpp-security').text(text(node, `needs.${security}`));
    this.showServer(security);
  }

  private showServer(security: string): void {
    const { node, machine } = this;
    const server = this.server();
    const warnings = securityWarnings(security, server);
    $('#ems-ocpp-warning')
      .toggle(warnings.length > 0)
      .text(warnings.map((key) => text(node, `warning.${key}`)).join(' '));
    const ports = { host: asText(server?.host), port: asText(server?.port), tlsPort: asText(server?.tlsPort) };
    const identity = identityInUrl(node, currentText(node, 'identity'));
    const options = { identity, isTlsNeeded: Number(security) >= 2, machine, page: location.hostname };
    showUrls(node, '#ems-ocpp-urls', stationUrls(ports, options));
  }
}

export const chargePointForm: NodeForm = {
  fields: {
    name: textField(),
    server: configNodeField('ems-ocpp-server', true),
    identity: { value: '', check: checkIdentity },
    device: idField(true),
    site: configNodeField('ems-site', true),
    preset: textField(),
    phases: choiceField(chargePointFields.phases),
    phaseRotation: choiceField(chargePointFields.phaseRotation),
    maxCurrent: numberField(chargePointFields.maxCurrent),
    failsafe: numberField(chargePointFields.failsafe),
    fallback: optionalNumberField(chargePointFields.fallback),
    authorise: choiceField(chargePointFields.authorise),
    tags: { value: '', check: checkTags },
    onePlace: flagField(false),
    security: choiceField(chargePointFields.security),
    certificateNames: textField(),
    version: choiceField(chargePointFields.version),
    assumed: flagField(false),
    minCurrent: numberField(chargePointFields.minCurrent),
    interval: numberField(chargePointFields.interval),
    factorPower: optionalNumberField(chargePointFields.factorPower),
    factorEnergy: optionalNumberField(chargePointFields.factorEnergy),
    factorCurrent: optionalNumberField(chargePointFields.factorCurrent),
    autostart: flagField(false),
    foreign: choiceField(chargePointFields.foreign),
    weak: flagField(false),
    shutOut: flagField(false),
    forwardUrl: patternField((given) => backendUrl.test(given)),
    forwardMode: choiceField(chargePointFields.forwardMode),
    billing: flagField(false),
    trusted: textField(),
    single: flagField(false),
  },
  credentials: {
    password: { type: 'password', check: checkPassword },
    forwardPassword: { type: 'password' },
  },
  hasInputLabel: true,
  label: (node) => asText(node.device),
  open: (node) => new ChargePointForm(node),
};
