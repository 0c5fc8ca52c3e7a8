/** The form of the OCPP server: its ports, what to type into a station, who waits for approval and who was refused. */
import { expirySoonDays, headerName, ocppServerFields, proxyAddress } from '../../drivers/ocpp/codec/limits.ts';
import { everywhere } from '../../model/limits.ts';
import {
  checkNumber,
  choiceField,
  configNodeField,
  type FieldCheck,
  flagField,
  numberField,
  textField,
} from '../field.ts';
import { asText, currentText, inputOf, isVariable } from '../field-values.ts';
import type { NodeForm, OpenForm } from '../form.ts';
import { addListenAddress, machineAddresses, type OwnAddress } from '../parts/listen-address.ts';
import { showRefusals, showRejected } from '../parts/refused-stations.ts';
import { repeatWhileShown } from '../parts/result.ts';
import { askStations, lookEveryMs, type ServerCertificate, type ServerStations } from '../parts/server-stations.ts';
import { identityInUrl, showUrls, stationUrls } from '../parts/station-urls.ts';
import { WaitingStations } from '../parts/waiting-stations.ts';
import type { EditorNode } from '../red.ts';
import { text } from '../texts.ts';

/** At least one port is open. */
const checkPort: FieldCheck = (value, place) => {
  const { node } = place;
  if (currentText(node, 'port') === '' && currentText(node, 'tlsPort') === '') return text(node, 'error.noPort');
  return checkNumber(ocppServerFields.port)(value, place);
};

/** The port for wss is another one, and has a certificate. */
const checkTlsPort: FieldCheck = (value, place) => {
  const { node } = place;
  const port = asText(value);
  if (port !== '' && currentText(node, 'tls') === '') return text(node, 'error.noTls');
  if (port !== '' && port === currentText(node, 'port')) return text(node, 'error.samePort');
  return checkNumber(ocppServerFields.tlsPort)(value, place);
};

const checkHeader: FieldCheck = (value, { node }) =>
  isVariable(value) || headerName.test(asText(value)) ? true : text(node, 'error.header');

const checkProxies: FieldCheck = (value, { node }) => {
  const given = asText(value)
    .split(',')
    .map((proxy) => proxy.trim());
  const wrong = given.find((proxy) => proxy !== '' && !isVariable(proxy) && !proxyAddress.test(proxy));
  return wrong === undefined ? true : text(node, 'error.proxy', { value: wrong });
};

/** @returns sentences about what new connections are shown, and whether something has to be done about it */
export const certificateText = (
  server: EditorNode,
  { subject, expiresAt, daysLeft: days, fault }: ServerCertificate,
): { sentences: string; isWarning: boolean } => {
  const key = days < 0 ? 'expired' : days <= expirySoonDays ? 'expiring' : 'valid';
  const date = new Date(expiresAt).toLocaleDateString();
  const reason = fault && text(server, `certificate.fault.${fault.code}`, fault.params);
  const sentences = [
    text(server, `certificate.${key}`, { subject, date, days }),
    ...(reason === undefined ? [] : [text(server, 'certificate.kept', { reason })]),
  ];
  return { sentences: sentences.join(' '), isWarning: key !== 'valid' || fault !== undefined };
};

class OcppServerForm implements OpenForm {
  private readonly node: EditorNode;
  private readonly waiting: WaitingStations;
  private machine: readonly OwnAddress[] = [];
  private isClosed = false;

  constructor(node: EditorNode) {
    this.node = node;
    this.waiting = new WaitingStations(node, $('#ems-ocpp-waiting'), () => void this.look());
    for (const field of ['host', 'port', 'tlsPort']) inputOf(node, field).on('input change', () => this.showUrls());
    this.showUrls();
    addListenAddress(node);
    void machineAddresses().then((machine) => {
      this.machine = machine;
      this.showUrls();
    });
    repeatWhileShown('#ems-ocpp-stations', lookEveryMs, () => void this.look());
  }

  close(): void {
    this.isClosed = true;
  }

  private showUrls(): void {
    const { node, machine } = this;
    const [host = '', port = '', tlsPort = ''] = ['host', 'port', 'tlsPort'].map((field) => currentText(node, field));
    const options = { identity: identityInUrl(node, ''), isTlsNeeded: false, machine, page: location.hostname };
    showUrls(node, '#ems-ocpp-server-urls', stationUrls({ host, port, tlsPort }, options));
  }

  private async look(): Promise<void> {
    const answer = await askStations(this.node.id);
    // The form of another server may be open by now.
    if (this.isClosed) return;
    if (!answer.ok) {
      $('#ems-ocpp-state').text(answer.error);
      return;
    }
    const { pending, rejected, refusals, certificate } = answer.value;
    this.showState(answer.value);
    this.waiting.show(pending);
    $('#ems-ocpp-nobody').toggle(pending.length === 0);
    showRejected(this.node, rejected, () => void this.look());
    showRefusals(this.node, refusals);
    this.showCertificate(certificate);
  }

  private showState({ isDeployed, ports, connected }: ServerStations): void {
    const state = isDeployed ? (ports.length > 0 ? 'open' : 'closed') : 'deploy';
    $('#ems-ocpp-state').text(text(this.node, `stations.${state}`, { n: connected, ports: ports.join(', ') }));
  }

  private showCertificate(certificate: ServerCertificate | undefined): void {
    const target = $('#ems-ocpp-certificate').toggle(certificate !== undefined);
    if (!certificate) return;
    const { sentences, isWarning } = certificateText(this.node, certificate);
    target.toggleClass('ems-warning', isWarning).text(sentences);
  }
}

export const ocppServerForm: NodeForm = {
  isConfig: true,
  fields: {
    name: textField(),
    port: { value: ocppServerFields.port.default, check: checkPort },
    tlsPort: { value: '', check: checkTlsPort },
    tls: configNodeField('tls-config', false),
    unknown: choiceField(ocppServerFields.unknown),
    host: textField(everywhere),
    clientCertificates: flagField(false),
    proxies: { value: '', check: checkProxies },
    certificateHeader: { value: '', check: checkHeader },
    heartbeat: numberField(ocppServerFields.heartbeat),
  },
  label: ({ port, tlsPort }) => `OCPP ${[asText(port), asText(tlsPort)].filter(Boolean).join(', ')}`,
  open: (node) => new OcppServerForm(node),
};
