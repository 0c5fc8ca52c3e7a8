/** The table of the last readings of a device, with its registers where it has some. */
import * as z from 'zod/mini';
import type { EditorNode } from '../red.ts';
import { get } from '../request.ts';
import { text, unitText } from '../texts.ts';
import { repeatWhileShown } from './result.ts';

const reading = z.object({
  topic: z.string(),
  value: z.optional(z.nullable(z.union([z.number(), z.string(), z.boolean()]))),
  unit: z.optional(z.string()),
  ts: z.string(),
  quality: z.string(),
  reason: z.optional(z.string()),
});
type ShownReading = z.infer<typeof reading>;

const liveValues = z.object({
  isDeployed: z.optional(z.boolean()),
  readings: z.optional(z.array(reading)),
  /** Address and words that a value was read from, by topic. */
  raw: z.optional(z.record(z.string(), z.string())),
});

const everyMs = 2000;

/** @param nowMs wall clock. @returns seconds since a time, never negative */
const ageOf = (ts: string, nowMs: number): number => Math.max(0, Math.round((nowMs - Date.parse(ts)) / 1000));

/** @returns the cells of a row: quantity, value with unit, quality, age */
export const cellsOf = ({ topic, value, unit, ts, quality, reason }: ShownReading, nowMs: number): string[] => {
  const shown = typeof value === 'number' ? Number(value.toPrecision(7)) : value;
  return [
    topic.split('/').slice(2).join('/'),
    `${shown ?? '–'} ${unitText(unit)}`,
    reason ? `${quality}: ${reason}` : quality,
    `${ageOf(ts, nowMs)} s`,
  ];
};

const columns = ['topic', 'value', 'quality', 'age'];
const numberClass = (column: string | undefined): string =>
  column === 'value' || column === 'age' ? 'ems-number' : '';

const show = async (node: EditorNode, kind: string): Promise<void> => {
  if (!$('#ems-live').prop('open')) return;
  const target = $('#ems-live-table');
  const answer = await get(`ems/${kind}/live/${node.id}`, liveValues);
  // The form of another device may be open by now.
  if (!target[0]?.isConnected) return;
  target.empty();
  const { readings = [], raw = {}, isDeployed = true } = answer.ok ? answer.value : {};
  if (readings.length === 0) {
    const why = isDeployed ? text(node, 'live.none') : text(node, 'live.deploy');
    target.text(answer.ok ? why : answer.error);
    return;
  }
  const hasRaw = Object.keys(raw).length > 0;
  const table = $('<table>').appendTo(target);
  const head = $('<tr>').appendTo(table);
  for (const column of [...columns, ...(hasRaw ? ['raw'] : [])])
    $('<th>', { class: numberClass(column) })
      .text(text(node, `live.${column}`))
      .appendTo(head);
  for (const each of readings) {
    const row = $('<tr>').appendTo(table);
    for (const [i, cell] of cellsOf(each, Date.now()).entries())
      $('<td>', { class: numberClass(columns[i]) })
        .text(cell)
        .appendTo(row);
    if (hasRaw)
      $('<td>')
        .append($('<code>').text(raw[each.topic] ?? ''))
        .appendTo(row);
  }
};

/** @param kind of the bridge, as its endpoint names it: "modbus", "ocpp" */
export const addLiveValues = (node: EditorNode, kind: string): void => {
  $('#ems-live').on('toggle', () => void show(node, kind));
  repeatWhileShown('#ems-live', everyMs, () => void show(node, kind));
};
