/** The form of the command node: which device, component and command, and its parameters, as far as the device is known. */
import * as z from 'zod/mini';
import { commandFields } from '../../model/limits.ts';
import { componentPattern, wordPattern } from '../../model/topic.ts';
import {
  choiceField,
  configNodeField,
  type FieldCheck,
  flagField,
  idField,
  numberField,
  patternField,
  textField,
} from '../field.ts';
import { asRecord, asText, inputOf, typedIn } from '../field-values.ts';
import type { NodeForm, OpenForm } from '../form.ts';
import { commandMeaning } from '../parts/command-texts.ts';
import {
  type CommandMeta,
  componentPath,
  type DeviceMeta,
  fillDatalist,
  knownDevices,
  type ParamRange,
} from '../parts/known-devices.ts';
import { isOutOfRange, paramInput, paramText } from '../parts/param-input.ts';
import type { EditorNode } from '../red.ts';
import { labelOf, rangeText, text } from '../texts.ts';

type Commands = Record<string, CommandMeta>;

const paramsSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
type Params = z.infer<typeof paramsSchema>;

/** Kinds of commands whose effect does not end with a lease. */
const withoutLease = ['config', 'action', 'release'];

/** @returns parameters by name; a text: what was typed and is none of that */
export const readParams = (typed: string): Params | string => {
  if (typed === '') return {};
  try {
    const { success, data } = paramsSchema.safeParse(JSON.parse(typed));
    return success ? data : typed;
  } catch {
    return typed;
  }
};

const checkParams: FieldCheck = (value, { node, name }) =>
  value === undefined || paramsSchema.safeParse(value).success
    ? true
    : text(node, 'error.params', { label: labelOf(node, name) });

/** @returns the parameters of a node; as text where they can be none, so that nothing of them is lost */
const heldParams = (value: unknown): Params | string => {
  if (value === undefined || typeof value === 'string') return value ?? {};
  const { success, data } = paramsSchema.safeParse(value);
  return success ? data : JSON.stringify(value);
};

/** @returns by device and component, the commands it takes; devices without any are left out */
export const commandableDevices = (known: readonly DeviceMeta[]): Map<string, Map<string, Commands>> =>
  new Map(
    known.flatMap(({ device, components }) => {
      const steered = components.flatMap(({ commands = {}, ...component }) =>
        Object.keys(commands).length > 0 ? [[componentPath(component), commands] as const] : [],
      );
      return steered.length > 0 ? [[device, new Map(steered)] as const] : [];
    }),
  );

class CommandForm implements OpenForm {
  private readonly node: EditorNode;
  private devices: Map<string, Map<string, Commands>> = new Map();
  private params: Params | string;

  constructor(node: EditorNode) {
    this.node = node;
    this.params = heldParams(node.params);
    for (const name of ['component', 'command'])
      $(`#ems-choose-${name}`).on('change', (event) => {
        inputOf(node, name).val(typedIn($(event.currentTarget)));
        this.changed(name);
      });
    for (const name of ['device', 'component', 'command'])
      inputOf(node, name)
        .on('input', () => this.show())
        .on('change', () => this.changed(name));
    $('#ems-params-json').on('input', () => {
      this.params = readParams(typedIn($('#ems-params-json')));
      this.complain();
    });
    this.show();
    void this.learn();
  }

  save(): undefined {
    const { params } = this;
    this.node.params =
      typeof params === 'string'
        ? params
        : Object.fromEntries(Object.entries(params).filter(([, value]) => value !== ''));
  }

  /** Learns which devices take commands. */
  private async learn(): Promise<void> {
    const known = await knownDevices();
    this.devices = commandableDevices(known);
    fillDatalist(
      'ems-list-steered',
      known
        .filter(({ device }) => this.devices.has(device))
        .map(({ device, name, vendor, model }) => {
          const nameplate = [vendor, model].filter(Boolean).join(' ');
          return [device, [name, nameplate].filter(Boolean).join(', ')];
        }),
    );
    this.show();
  }

  private value(name: string): string {
    return typedIn(inputOf(this.node, name));
  }

  private components(): Map<string, Commands> {
    return this.devices.get(this.value('device')) ?? new Map();
  }

  private commands(): Commands {
    return this.components().get(this.value('component')) ?? {};
  }

  private meta(): CommandMeta | undefined {
    const commands = this.commands();
    const chosen = this.value('command');
    return Object.hasOwn(commands, chosen) ? commands[chosen] : undefined;
  }

  /** Somebody chose something else: what does not fit it goes. */
  private changed(name: string): void {
    const components = this.components();
    const component = inputOf(this.node, 'component');
    if (name === 'device' && components.size > 0 && !components.has(typedIn(component)))
      component.val(components.size === 1 ? ([...components.keys()][0] ?? '') : '');
    const commands = this.commands();
    const isKnown = Object.hasOwn(commands, this.value('command'));
    if (name !== 'command' && Object.keys(commands).length > 0 && !isKnown) inputOf(this.node, 'command').val('');
    const declared = this.meta()?.params;
    if (declared && typeof this.params !== 'string')
      this.params = Object.fromEntries(Object.entries(this.params).filter(([key]) => Object.hasOwn(declared, key)));
    this.show();
  }

  private show(): void {
    const components = [...this.components().keys()];
    if (components.length === 1 && this.value('component') === '')
      inputOf(this.node, 'component').val(components[0] ?? '');
    this.offer('component', components);
    this.offer('command', Object.keys(this.commands()));
    const meta = this.meta();
    this.showMeaning(meta);
    this.showLease(meta);
    const isJson = meta === undefined || typeof this.params === 'string';
    $('#ems-params-json').toggle(isJson);
    $('#ems-command-params').toggle(!isJson);
    const isAny = isJson || Object.keys({ ...meta.params, ...asRecord(this.params) }).length > 0;
    $('#ems-row-params').toggle(this.value('command') !== '' && isAny);
    if (isJson) this.showJson();
    else this.showParams(meta.params);
  }

  /** Puts a list over a text field that keeps the value, while there is something to choose from. */
  private offer(name: string, options: readonly string[]): void {
    const isList = options.length > 0;
    const input = inputOf(this.node, name).toggle(!isList);
    const select = $(`#ems-choose-${name}`).toggle(isList).empty();
    const value = typedIn(input);
    $(`#ems-row-${name} > label`).attr('for', isList ? `ems-choose-${name}` : (input.attr('id') ?? ''));
    $('<option>', { value: '' }).text(text(this.node, 'choice.message')).appendTo(select);
    for (const option of new Set([...options, value]))
      if (option !== '') $('<option>', { value: option }).text(option).appendTo(select);
    select.val(value);
  }

  private showMeaning(meta: CommandMeta | undefined): void {
    const target = $('#ems-command-meaning').empty();
    for (const sentence of meta ? commandMeaning(this.node, meta) : [])
      $('<div class="ems-hint">').text(sentence).appendTo(target);
  }

  private showLease(meta: CommandMeta | undefined): void {
    const { min_s: min, max_s: max } = meta?.lease ?? {};
    $('#ems-row-lease').toggle(!withoutLease.includes(meta?.kind ?? ''));
    const span = rangeText({ unit: 's', ...(min !== undefined && { min }), ...(max !== undefined && { max }) });
    $('#ems-lease-range').text(max === undefined ? '' : text(this.node, 'range.here', { span }));
  }

  private showParams(declared: Record<string, ParamRange>): void {
    const box = $('#ems-command-params').empty();
    const given = asRecord(this.params);
    for (const name of Object.keys({ ...declared, ...given })) {
      const range = declared[name];
      const id = `ems-param-${name}`;
      const row = $('<div class="form-row">').appendTo(box);
      $('<label>', { for: id }).text(name).appendTo(row);
      const field = paramInput(range, asText(given[name])).attr({ id, 'data-name': name }).appendTo(row);
      const check = (): JQuery => field.toggleClass('input-error', isOutOfRange(range, typedIn(field)));
      field.on('input change', () => {
        this.params = { ...(typeof this.params === 'string' ? {} : this.params), [name]: typedIn(field) };
        check();
      });
      check();
      $('<div class="ems-hint">').text(paramText(this.node, range)).appendTo(row);
    }
  }

  private showJson(): void {
    const field = $('#ems-params-json');
    if (field.is(':focus')) return;
    const { params } = this;
    const isEmpty = typeof params !== 'string' && Object.keys(params).length === 0;
    field.val(typeof params === 'string' ? params : isEmpty ? '' : JSON.stringify(params));
    this.complain();
  }

  private complain(): void {
    const fault = checkParams(this.params, { node: this.node, name: 'params' });
    $('#ems-params-json').toggleClass('input-error', fault !== true);
    $('#ems-params-fault')
      .toggle(fault !== true)
      .text(fault === true ? '' : fault);
  }
}

export const commandForm: NodeForm = {
  fields: {
    name: textField(),
    broker: configNodeField('ems-broker', true),
    device: idField(false),
    component: patternField((given) => componentPattern.test(given)),
    command: patternField((given) => wordPattern.test(given)),
    params: { value: {}, check: checkParams },
    lease: numberField(commandFields.lease),
    ttl: numberField(commandFields.ttl),
    priority: numberField(commandFields.priority),
    requester: textField(),
    onRange: choiceField(commandFields.onRange),
    session: flagField(false),
    releaseOnClose: flagField(false),
  },
  hasInputLabel: true,
  label: ({ command, device }) => [asText(command), asText(device)].filter(Boolean).join(' '),
  open: (node) => new CommandForm(node),
};
