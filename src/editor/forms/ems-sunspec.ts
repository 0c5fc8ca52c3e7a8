/** The form of a SunSpec device: what its models leave open, points beside the map, and its readings live. */
import * as z from 'zod/mini';
import { pointAddressPattern, sunspecFields } from '../../drivers/sunspec/codec/limits.ts';
import {
  choiceField,
  configNodeField,
  type FieldCheck,
  flagField,
  idField,
  numberField,
  optionalNumberField,
  textField,
} from '../field.ts';
import { asText, inputOf, typedIn } from '../field-values.ts';
import type { NodeForm, OpenForm } from '../form.ts';
import { DeviceChoice } from '../parts/device-choice.ts';
import { addLiveValues } from '../parts/live-values.ts';
import { ReferenceList } from '../parts/reference-list.ts';
import { showLines } from '../parts/result.ts';
import { addRowList } from '../parts/row-list.ts';
import { ScanPanel } from '../parts/scan-panel.ts';
import type { CodeEditor, EditorClient, EditorNode, SaveResult } from '../red.ts';
import { post } from '../request.ts';
import { text } from '../texts.ts';

declare const RED: EditorClient;

/** ms without a key until the runtime is asked what it says of the models that are typed in. */
const typingPauseMs = 300;

const columns = ['point', 'quantity'] as const;
type Column = (typeof columns)[number];

const namedPoint = z.object({ point: z.catch(z.string(), ''), quantity: z.catch(z.string(), '') });
type NamedPoint = z.infer<typeof namedPoint>;

const mistakeList = z.object({ mistakes: z.array(z.string()) });

/** The first mistake of each text of models that was looked at; undefined: it has none. */
const modelMistakes = new Map<string, string | undefined>();

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const readPoint = (item: unknown): NamedPoint => {
  const { success, data } = namedPoint.safeParse(item);
  return success ? data : { point: '', quantity: '' };
};

const checkPoints: FieldCheck = (value, { node }) => {
  const wrong = listOf(value)
    .map(readPoint)
    .findIndex(({ point, quantity }) => !pointAddressPattern.test(point) || !/^[\w-]+(\/[\w-]+)+$/.test(quantity));
  return wrong < 0 ? true : text(node, 'error.points', { n: wrong + 1 });
};

const checkModels: FieldCheck = (value, { node }) => {
  const typed = asText(value);
  if (typed === '') return true;
  try {
    JSON.parse(typed);
  } catch (error) {
    return text(node, 'error.json', { reason: error instanceof Error ? error.message : String(error) });
  }
  const mistake = modelMistakes.get(typed);
  return mistake === undefined ? true : text(node, 'error.models', { reason: mistake });
};

class SunSpecForm implements OpenForm {
  private readonly node: EditorNode;
  private readonly editor: CodeEditor;
  private readonly list: JQuery;
  private readonly references: ReferenceList;
  private readonly scan: ScanPanel;
  private pause: ReturnType<typeof setTimeout> | undefined;
  private isClosed = false;

  constructor(node: EditorNode) {
    this.node = node;
    const value = asText(node.models);
    this.editor = RED.editor.createEditor({ id: 'node-input-models-editor', mode: 'ace/mode/json', value });
    this.editor.getSession().on('change', () => {
      clearTimeout(this.pause);
      this.pause = setTimeout(() => void this.inspect(), typingPauseMs);
    });
    this.list = $('#node-input-points-list');
    this.listPoints();
    this.references = new ReferenceList(node, 'devices', 'device');
    new DeviceChoice(node, 'ems-sunspec', 'brand');
    this.scan = new ScanPanel(node, {
      aim: 'sunspec',
      unusable: ({ kind }) => (kind === 'sunspec' ? undefined : kind === 'unknown' ? 'noSunSpec' : 'isModbus'),
      fill: ({ device, directions }) => {
        if (device.brand !== undefined) inputOf(node, 'brand').val(device.brand).trigger('change');
        for (const [field, direction] of Object.entries({
          meterSign: directions.meter_sign,
          batterySign: directions.battery_sign,
        }))
          if (direction !== undefined) inputOf(node, field).val(direction).trigger('change');
      },
    });
    addLiveValues(node, 'sunspec');
    void this.inspect();
  }

  save(): SaveResult {
    this.node.models = this.typedModels();
    this.node.points = this.typedPoints();
    return { history: [...this.scan.save(), ...this.references.save()] };
  }

  close(): void {
    this.isClosed = true;
    this.scan.close();
    clearTimeout(this.pause);
    this.editor.destroy();
  }

  private typedModels(): string {
    return this.editor.getValue().trim();
  }

  private listPoints(): void {
    const { node } = this;
    addRowList(this.list, listOf(node.points), (row, item) => {
      const values = readPoint(item);
      const box = $('<div class="ems-choice">').appendTo(row);
      for (const column of columns)
        $('<input type="text" autocomplete="off">')
          .attr({ placeholder: text(node, `column.${column}`), 'data-name': column })
          .val(values[column])
          .appendTo(box);
    });
  }

  private typedPoints(): NamedPoint[] {
    return this.list
      .find('.ems-choice')
      .get()
      .map((box): NamedPoint => {
        const typed = (column: Column): string => typedIn($(box).find(`[data-name=${column}]`));
        return { point: typed('point'), quantity: typed('quantity') };
      })
      .filter(({ point, quantity }) => point !== '' || quantity !== '');
  }

  /** Shows what the runtime says of the models that are typed in. */
  private async inspect(): Promise<void> {
    const typed = this.typedModels();
    if (typed === '') {
      showLines('#ems-sunspec-mistakes', [], undefined);
      return;
    }
    const answer = await post('ems/sunspec/inspect', { models: typed }, mistakeList);
    // Somebody has typed on, or closed the form, in the meantime.
    if (this.isClosed || this.typedModels() !== typed) return;
    const mistakes = answer.ok ? answer.value.mistakes : [answer.error];
    if (answer.ok) modelMistakes.set(typed, mistakes[0]);
    const isRight = mistakes.length === 0;
    showLines('#ems-sunspec-mistakes', isRight ? [text(this.node, 'right')] : mistakes, isRight ? undefined : false);
  }
}

export const sunspecForm: NodeForm = {
  fields: {
    name: textField(),
    client: configNodeField('ems-modbus-client', true),
    unit: optionalNumberField(sunspecFields.unit),
    brand: choiceField(sunspecFields.brand),
    device: idField(true),
    site: configNodeField('ems-site', true),
    interval: numberField(sunspecFields.interval),
    side: choiceField(sunspecFields.side),
    role: textField(),
    capacity: optionalNumberField(sunspecFields.capacity),
    meterSign: choiceField(sunspecFields.meterSign),
    batterySign: choiceField(sunspecFields.batterySign),
    batteryModules: choiceField(sunspecFields.batteryModules),
    reversed: flagField(false),
    billing: flagField(false),
    coupling: choiceField(sunspecFields.coupling),
    behind: idField(false),
    parent: idField(false),
    phase: choiceField(sunspecFields.phase),
    trusted: textField(),
    single: flagField(false),
    cycles: flagField(false),
    points: { value: [], check: checkPoints },
    models: { value: '', check: checkModels },
  },
  hasInputLabel: true,
  label: (node) => asText(node.device),
  open: (node) => new SunSpecForm(node),
};
