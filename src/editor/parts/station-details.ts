/** A table of facts about a charging station: how it describes itself, and how it was found to behave. */
import * as z from 'zod/mini';
import type { EditorNode } from '../red.ts';
import { get } from '../request.ts';
import { listed, momentText, text } from '../texts.ts';
import { nameplate } from './server-stations.ts';

const facts = z.record(z.string(), z.unknown());

const knownStation = z.object({
  isConnected: z.boolean(),
  /** The station still comes with the password before the last change. */
  isPasswordOld: z.boolean(),
  version: z.optional(z.string()),
  boot: z.optional(
    z.object({
      vendor: z.optional(z.string()),
      model: z.optional(z.string()),
      serial: z.optional(z.string()),
      firmware: z.optional(z.string()),
    }),
  ),
  evses: z.array(z.number()),
  preset: z.optional(z.string()),
  quirks: facts,
  settings: facts,
  /** Separated by commas. */
  measurands: z.optional(z.string()),
  limit: z.optional(
    z.object({
      purpose: z.string(),
      kind: z.string(),
      stackLevel: z.number(),
      unit: z.string(),
      saysPhases: z.boolean(),
    }),
  ),
  fallback: z.object({ why: z.string(), afterS: z.optional(z.number()) }),
  others: z.array(z.string()),
  refused: z.array(
    z.object({
      /** ms since 1970. */
      at: z.number(),
      times: z.number(),
      asked: z.string(),
      answer: z.string(),
    }),
  ),
});
/** Answer of ems/ocpp/station/<node>. */
export type KnownStation = z.infer<typeof knownStation>;

/** The endpoint answers something else for a node that no station is bound to. */
const answerSchema = z.union([knownStation, z.object({ isDeployed: z.literal(false) })]);

const plainText = (node: EditorNode, value: unknown): string => {
  if (typeof value === 'boolean') return text(node, `station.${value ? 'yes' : 'no'}`);
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([key, each]) => `${key}: ${plainText(node, each)}`)
    .join(', ');
};

type Row = [name: string, lines: string[]];

const identityRows = (node: EditorNode, station: KnownStation): Row[] => {
  const { boot = {}, version, isConnected, isPasswordOld, evses, preset } = station;
  const said = (key: string, value: string | undefined): string =>
    value ? text(node, `station.${key}`, { value }) : '';
  const state = text(node, `station.${isConnected ? 'online' : 'offline'}`);
  const password = isPasswordOld ? text(node, 'station.oldPassword') : '';
  return [
    ['who', [listed([nameplate(boot), said('serial', boot.serial), said('firmware', boot.firmware)])]],
    ['version', [listed([version, state, password])]],
    ['evses', [evses.join(', ')]],
    ['preset', [preset ?? '']],
  ];
};

const behaviourRows = (node: EditorNode, { quirks, settings, measurands, limit }: KnownStation): Row[] => {
  const told = (about: string, values: Record<string, unknown>): string =>
    listed(
      Object.entries(values).map(([key, value]) =>
        text(node, `station.${about}.${key}`, { value: plainText(node, value) }),
      ),
    );
  const limitText = limit
    ? listed([
        limit.purpose,
        limit.kind,
        text(node, 'station.level', { value: limit.stackLevel }),
        limit.unit,
        limit.saysPhases ? text(node, 'station.phases') : '',
      ])
    : text(node, 'station.unknown');
  return [
    ['quirks', [told('quirk', quirks)]],
    ['settings', [told('says', settings)]],
    ['measurands', [measurands?.split(',').join(', ') ?? '']],
    ['limit', [limitText]],
  ];
};

/** @returns the rows of the table with their lines; rows of which nothing is known are left out */
export const stationRows = (node: EditorNode, station: KnownStation): Row[] => {
  const { fallback, others, refused } = station;
  const refusals = refused.map(({ at, times, asked, answer }) =>
    listed([momentText(at), `${asked}: ${answer}`, times > 1 ? text(node, 'station.times', { value: times }) : '']),
  );
  const rows: Row[] = [
    ...identityRows(node, station),
    ...behaviourRows(node, station),
    ['fallback', [text(node, `station.fallback.${fallback.why}`, { s: fallback.afterS })]],
    ['others', others.length > 0 ? others : [text(node, 'station.nobody')]],
    ['refused', refusals.length > 0 ? refusals : [text(node, 'station.all')]],
  ];
  return rows.map(([name, lines]): Row => [name, lines.filter(Boolean)]).filter(([, lines]) => lines.length > 0);
};

/** Shows the table as long as somebody looks at it. Texts of the station are shown as text, never as html. */
export const showStation = async (node: EditorNode): Promise<void> => {
  if (!$('#ems-station-facts').prop('open')) return;
  const target = $('#ems-station-table');
  const answer = await get(`ems/ocpp/station/${node.id}`, answerSchema);
  // The form of another station may be open by now.
  if (!target[0]?.isConnected) return;
  target.empty();
  if (!answer.ok || !('settings' in answer.value)) {
    target.text(answer.ok ? text(node, 'station.none') : answer.error);
    return;
  }
  const table = $('<table>').appendTo(target);
  for (const [name, lines] of stationRows(node, answer.value)) {
    const cell = $('<td>');
    for (const line of lines) $('<div>').text(line).appendTo(cell);
    $('<tr>')
      .append($('<th>').text(text(node, `station.row.${name}`)), cell)
      .appendTo(table);
  }
};
