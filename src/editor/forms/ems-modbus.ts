/** The form of a device on Modbus: its profile, what that asks for, its readings live, and registers into a file. */
import * as z from 'zod/mini';
import { modbusFields } from '../../drivers/modbus/codec/limits.ts';
import {
  choiceField,
  configNodeField,
  type FieldCheck,
  flagField,
  idField,
  numberFault,
  numberField,
  optionalNumberField,
  textField,
} from '../field.ts';
import { asRecord, asText, inputOf, typedIn } from '../field-values.ts';
import type { NodeForm, OpenForm } from '../form.ts';
import { DeviceChoice } from '../parts/device-choice.ts';
import { addLiveValues } from '../parts/live-values.ts';
import {
  type LibraryProfile,
  libraryProfiles,
  profileSentences,
  readTypedProfile,
  type ShownProfile,
} from '../parts/modbus-profile.ts';
import { addRegisterDump } from '../parts/read-registers.ts';
import { ReferenceList } from '../parts/reference-list.ts';
import { showLines } from '../parts/result.ts';
import { ScanPanel } from '../parts/scan-panel.ts';
import type { CodeEditor, EditorClient, EditorNode, SaveResult } from '../red.ts';
import { get, post } from '../request.ts';
import { rangeText, text, unitText } from '../texts.ts';

declare const RED: EditorClient;

/** ms without a key until the runtime is asked what it says of a profile that is typed in. */
const typingPauseMs = 300;

const inspection = z.object({ mistakes: z.array(z.string()), hints: z.array(z.string()) });

/** Profiles of the library as they were listed last; validators of nodes whose form was never open know none. */
let library: readonly LibraryProfile[] = [];
/** The first mistake of each profile that was typed in and looked at, by its text; undefined: it has none. */
const typedMistakes = new Map<string, string | undefined>();

const checkSettings: FieldCheck = (value, { node }) => {
  const { settings = {} } = library.find(({ id }) => id === node.profile) ?? {};
  for (const [name, given] of Object.entries(asRecord(value))) {
    const { title = name, min, max } = settings[name] ?? {};
    const range = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
    const fault = numberFault(given, range);
    if (fault === 'text') return text(node, 'error.setting', { title, value: given });
    if (fault === 'range') return text(node, 'error.settingRange', { title, span: rangeText(range) });
  }
  return true;
};

const checkTypedProfile: FieldCheck = (value, { node }) => {
  const typed = asText(value);
  if (typed === '') return true;
  try {
    JSON.parse(typed);
  } catch (error) {
    return text(node, 'error.json', { reason: error instanceof Error ? error.message : String(error) });
  }
  const mistake = typedMistakes.get(typed);
  return mistake === undefined ? true : text(node, 'error.profile', { reason: mistake });
};

class ModbusForm implements OpenForm {
  private readonly node: EditorNode;
  private readonly editor: CodeEditor;
  private readonly references: ReferenceList;
  private readonly scan: ScanPanel;
  private readonly choice: DeviceChoice;
  private pause: ReturnType<typeof setTimeout> | undefined;
  private isClosed = false;

  constructor(node: EditorNode) {
    this.node = node;
    const value = asText(node.inline);
    this.editor = RED.editor.createEditor({ id: 'node-input-inline-editor', mode: 'ace/mode/json', value });
    this.fillList();
    this.choice = new DeviceChoice(node, 'ems-modbus', 'profile');
    void this.listProfiles();
    this.references = new ReferenceList(node, 'devices', 'device');
    this.scan = new ScanPanel(node, {
      aim: 'modbus',
      unusable: ({ kind }) => (kind === 'sunspec' ? 'isSunSpec' : kind === 'unknown' ? 'noProfile' : undefined),
      fill: ({ profile, directions }) => {
        inputOf(node, 'profile').val(profile).trigger('change');
        if (directions.reversed !== undefined)
          inputOf(node, 'reversed').prop('checked', directions.reversed === 'export');
      },
    });
    addLiveValues(node, 'modbus');
    addRegisterDump(node);
  }

  save(): SaveResult {
    this.node.inline = this.typedProfile();
    // While it is not known what the profile asks for, nothing is forgotten.
    if (this.profile()) {
      this.node.params = this.typedVariants();
      this.node.settings = Object.fromEntries(Object.entries(this.typedSettings()).filter(([, value]) => value !== ''));
    }
    return { history: [...this.scan.save(), ...this.references.save()] };
  }

  close(): void {
    this.isClosed = true;
    this.scan.close();
    clearTimeout(this.pause);
    this.editor.destroy();
  }

  private typedProfile(): string {
    return this.editor.getValue().trim();
  }

  /** The profile in force: the one typed in, else the one chosen; undefined: none, or not readable. */
  private profile(): ShownProfile | undefined {
    const typed = this.typedProfile();
    if (typed !== '') return readTypedProfile(typed);
    return library.find(({ id }) => id === typedIn(inputOf(this.node, 'profile')));
  }

  private async listProfiles(): Promise<void> {
    const answer = await get('ems/modbus/profiles', libraryProfiles);
    if (this.isClosed) return;
    if (answer.ok) library = answer.value;
    this.fillList();
    this.choice.refresh();
    const wrong = library.flatMap(({ id, mistakes = [] }) => mistakes.map((mistake) => `${id}.json: ${mistake}`));
    showLines('#ems-profile-mistakes', answer.ok ? wrong : [answer.error], false);
    inputOf(this.node, 'profile').on('change', () => this.showProfile());
    this.editor.getSession().on('change', () => {
      this.showProfile();
      clearTimeout(this.pause);
      this.pause = setTimeout(() => void this.inspect(), typingPauseMs);
    });
    this.showProfile();
    void this.inspect();
  }

  /** The chosen profile stays in the list, also before the list comes, and where the library has lost it. */
  private fillList(): void {
    const { node } = this;
    const select = inputOf(node, 'profile');
    const chosen = select.children().length > 0 ? typedIn(select) : asText(node.profile);
    select.empty();
    $('<option>', { value: '' }).text(text(node, 'choice.profile.none')).appendTo(select);
    const groups = new Map<string, JQuery>();
    for (const { id, title, class: kind = 'other', mistakes } of library) {
      const group = groups.get(kind) ?? $('<optgroup>', { label: text(node, `class.${kind}`) }).appendTo(select);
      groups.set(kind, group);
      $('<option>', { value: id, disabled: mistakes !== undefined })
        .text(title ?? text(node, 'profile.wrong', { id }))
        .appendTo(group);
    }
    const isListed = chosen === '' || library.some(({ id }) => id === chosen);
    if (!isListed) $('<option>', { value: chosen }).text(chosen).appendTo(select);
    select.val(chosen);
  }

  /** Shows what the runtime says of the profile that is typed in. */
  private async inspect(): Promise<void> {
    const typed = this.typedProfile();
    const answer =
      typed === ''
        ? { ok: true as const, value: { mistakes: [], hints: [] } }
        : await post('ems/modbus/inspect', { text: typed }, inspection);
    // Somebody has typed on, or closed the form, in the meantime.
    if (this.isClosed || this.typedProfile() !== typed) return;
    if (!answer.ok) {
      showLines('#ems-inline-mistakes', [answer.error], false);
      return;
    }
    const { mistakes, hints } = answer.value;
    typedMistakes.set(typed, mistakes[0]);
    const lines = [...mistakes, ...hints];
    const isRight = typed !== '' && lines.length === 0;
    showLines(
      '#ems-inline-mistakes',
      isRight ? [text(this.node, 'profile.right')] : lines,
      mistakes.length > 0 ? false : undefined,
    );
  }

  private showProfile(): void {
    const profile = this.profile();
    this.showVariants(profile);
    this.showSettings(profile);
    const sentences = profileSentences(profile, (key, values) => text(this.node, `profile.${key}`, values));
    $('#ems-profile-told').text(sentences.join(' '));
  }

  private showVariants(profile: ShownProfile | undefined): void {
    const chosen = { ...asRecord(this.node.params), ...this.typedVariants() };
    const box = $('#ems-profile-params').empty();
    for (const [name, { default: usual, choices, note }] of Object.entries(profile?.params ?? {})) {
      const row = $('<div class="form-row">').css('margin-top', '8px').appendTo(box);
      const id = `ems-variant-${name}`;
      $('<label>', { for: id }).text(name.replace(/_/g, ' ')).appendTo(row);
      const select = $('<select>', { id, class: 'ems-param', 'data-name': name }).appendTo(row);
      for (const [value, label] of Object.entries(choices)) $('<option>', { value }).text(label).appendTo(select);
      const value = asText(chosen[name]);
      select.val(Object.hasOwn(choices, value) ? value : (usual ?? ''));
      if (note) $('<div class="ems-hint">').text(note).appendTo(row);
    }
    $('#ems-row-instance').toggle((profile?.instances ?? 1) > 1);
    $('#ems-row-capacity').toggle(profile?.hasBattery ?? true);
    inputOf(this.node, 'unit').attr('placeholder', String(profile?.connection?.unitId ?? 1));
  }

  private showSettings(profile: ShownProfile | undefined): void {
    const { node } = this;
    const settings = Object.entries(profile?.settings ?? {});
    $('#ems-row-settings').toggle(settings.length > 0);
    const typed = { ...asRecord(node.settings), ...this.typedSettings() };
    const box = $('#ems-profile-settings').empty();
    for (const [name, { title = name, unit, default: usual, min, max, point, note }] of settings) {
      const id = `ems-setting-${name}`;
      const range = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
      const otherwise = point === undefined ? usual : text(node, 'settings.device');
      $('<label>', { for: id }).text(title).appendTo(box);
      const input = $('<input type="text" class="ems-setting" autocomplete="off">')
        .attr({
          id,
          'data-name': name,
          placeholder: otherwise ?? text(node, 'settings.needed'),
          title: rangeText(range),
        })
        .val(asText(typed[name]))
        .appendTo(box);
      const check = (): JQuery => input.toggleClass('input-error', numberFault(typedIn(input), range) !== undefined);
      input.on('input', check);
      check();
      $('<span>').text(unitText(unit)).appendTo(box);
      if (note) $('<div class="ems-hint">').text(note).appendTo(box);
    }
  }

  /** Every setting of the form by its name; a text that is no number stays one, to be complained of. */
  private typedSettings(): Record<string, string | number> {
    const inputs = $('.ems-setting').get();
    return Object.fromEntries(
      inputs.map((input) => {
        const value = typedIn($(input));
        return [input.dataset.name ?? '', value !== '' && Number.isFinite(Number(value)) ? Number(value) : value];
      }),
    );
  }

  private typedVariants(): Record<string, string> {
    const selects = $('.ems-param').get();
    return Object.fromEntries(selects.map((select) => [select.dataset.name ?? '', typedIn($(select))]));
  }
}

export const modbusForm: NodeForm = {
  fields: {
    name: textField(),
    client: configNodeField('ems-modbus-client', true),
    unit: optionalNumberField(modbusFields.unit),
    device: idField(true),
    site: configNodeField('ems-site', true),
    profile: textField(),
    params: { value: {} },
    settings: { value: {}, check: checkSettings },
    instance: numberField(modbusFields.instance),
    capacity: optionalNumberField(modbusFields.capacity),
    interval: numberField(modbusFields.interval),
    role: textField(),
    reversed: flagField(false),
    billing: flagField(false),
    coupling: choiceField(modbusFields.coupling),
    behind: idField(false),
    parent: idField(false),
    phase: choiceField(modbusFields.phase),
    single: flagField(false),
    cycles: flagField(false),
    trusted: textField(),
    inline: { value: '', check: checkTypedProfile },
  },
  hasInputLabel: true,
  label: (node) => asText(node.device),
  open: (node) => new ModbusForm(node),
};
