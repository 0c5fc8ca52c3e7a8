/** Stations that stay outside: rejected by hand, or refused during the handshake with the reason. */
import type { EditorNode } from '../red.ts';
import { listed, momentText, text } from '../texts.ts';
import { redrawIfChanged } from './result.ts';
import { nameplate, type RefusedHandshake, type RejectedStation } from './server-stations.ts';
import { sendDecision } from './waiting-stations.ts';

/** Shows the stations that somebody rejected. @param onDecided called after one was taken back */
export const showRejected = (server: EditorNode, rejected: readonly RejectedStation[], onDecided: () => void): void => {
  const target = $('#ems-ocpp-rejected').toggle(rejected.length > 0);
  redrawIfChanged(target, rejected, () => {
    $('<div class="ems-stations-title">')
      .append($('<span>').text(text(server, 'rejected.title')))
      .appendTo(target);
    for (const station of rejected) {
      const { identity, address, at } = station;
      const box = $('<div class="ems-station">').attr('data-identity', identity).appendTo(target);
      const name = $('<div class="ems-station-name">').append($('<span>').text(identity)).appendTo(box);
      const since = text(server, 'rejected.since', { value: momentText(at) });
      $('<div class="ems-hint">')
        .text(listed([nameplate(station), address, since]))
        .appendTo(box);
      const result = $('<div class="ems-result">').appendTo(box);
      $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small ems-take-back' })
        .text(text(server, 'rejected.takeBack'))
        .on('click', async () => {
          await sendDecision(server.id, { decision: 'take_back', identity }, result);
          onDecided();
        })
        .appendTo(name);
    }
  });
};

const columns = ['time', 'address', 'identity', 'reason'];

/** @returns the cells of a row: time, address, identity, reason */
export const refusalCells = (server: EditorNode, refusal: RefusedHandshake): string[] => {
  const { at, address, identity, code, params, count } = refusal;
  const often = count > 1 ? ` (${text(server, 'refusals.often', { n: count })})` : '';
  return [momentText(at), address, identity ?? '–', text(server, `reason.${code}`, params) + often];
};

/** Shows why stations did not get in, the newest first. */
export const showRefusals = (server: EditorNode, refusals: readonly RefusedHandshake[]): void => {
  $('#ems-ocpp-refused').text(text(server, 'refusals.title', { n: refusals.length }));
  const target = $('#ems-ocpp-refusals');
  redrawIfChanged(target, refusals, () => {
    if (refusals.length === 0) {
      target.text(text(server, 'refusals.none'));
      return;
    }
    const table = $('<table>').appendTo(target);
    const head = $('<tr>').appendTo(table);
    for (const column of columns)
      $('<th>')
        .text(text(server, `refusals.${column}`))
        .appendTo(head);
    for (const refusal of refusals) {
      const row = $('<tr>').appendTo(table);
      for (const cell of refusalCells(server, refusal)) $('<td>').text(cell).appendTo(row);
    }
  });
};
