/** Stations that wait for approval, one card each: what they say of themselves, and for which device they may be let in. */

import { asText, typedIn } from '../field-values.ts';
import type { EditorClient, EditorNode } from '../red.ts';
import { listed, momentText, text } from '../texts.ts';
import { showLines } from './result.ts';
import { type Decision, decide, nameplate, type PendingStation } from './server-stations.ts';

declare const RED: EditorClient;

/** The changing parts of a card. */
interface Card {
  box: JQuery;
  connection: JQuery;
  description: JQuery;
  origin: JQuery;
  /** The question whether to take over the password of the station. */
  adopt: JQuery;
}

/** Decides, and shows in the card why that could not be done. */
export const sendDecision = async (server: string, decision: Decision, result: JQuery): Promise<void> => {
  const answer = await decide(server, decision);
  showLines(result, answer.ok ? [] : [answer.error], answer.ok);
};

/** @returns device ids of the nodes that wait for a station of this server */
const devicesOf = (server: EditorNode): string[] => {
  const devices: string[] = [];
  RED.nodes.eachNode((node) => {
    const isWaiting = node.type === 'ems-ocpp' && !node.d && node.server === server.id && asText(node.identity) === '';
    if (isWaiting && asText(node.device) !== '') devices.push(asText(node.device));
  });
  return devices.sort();
};

/** The cards of one open form. */
export class WaitingStations {
  private readonly server: EditorNode;
  private readonly target: JQuery;
  /** Called after a decision: the server has another list. */
  private readonly onDecided: () => void;
  private readonly cards = new Map<string, Card>();

  constructor(server: EditorNode, target: JQuery, onDecided: () => void) {
    this.server = server;
    this.target = target;
    this.onDecided = onDecided;
  }

  /** Cards of stations that still wait stay as they are while somebody chooses in them. */
  show(pending: readonly PendingStation[]): void {
    for (const [identity, { box }] of this.cards) {
      if (pending.some((station) => station.identity === identity)) continue;
      box.remove();
      this.cards.delete(identity);
    }
    for (const station of pending) {
      const { identity } = station;
      const card = this.cards.get(identity) ?? this.addCard(identity);
      this.cards.set(identity, card);
      this.fill(card, station);
    }
  }

  private addCard(identity: string): Card {
    const { server } = this;
    const box = $('<div class="ems-station">').attr('data-identity', identity).appendTo(this.target);
    const connection = $('<span>');
    $('<div class="ems-station-name">').append($('<span>').text(identity), connection).appendTo(box);
    const description = $('<div class="ems-hint">').appendTo(box);
    const origin = $('<div class="ems-hint">').appendTo(box);
    const trust = $('<input type="checkbox" class="ems-check ems-adopt">');
    const adopt = $('<label class="ems-station-adopt">')
      .append(trust, $('<span>').text(text(server, 'stations.adopt')))
      .attr('title', text(server, 'stations.adoptHint'))
      .appendTo(box);
    this.addButtons(box, identity, trust);
    return { box, connection, description, origin, adopt };
  }

  private addButtons(box: JQuery, identity: string, trust: JQuery): void {
    const { server } = this;
    const buttons = $('<div class="ems-station-buttons">').appendTo(box);
    const result = $('<div class="ems-result">').appendTo(box);
    const select = this.deviceList(buttons);
    const addButton = (word: string, decision: () => Decision): JQuery =>
      $('<button>', { type: 'button', class: `red-ui-button ems-${word}` })
        .text(text(server, `stations.${word}`))
        .on('click', async () => {
          await sendDecision(server.id, decision(), result);
          this.onDecided();
        })
        .appendTo(buttons);
    const approve = addButton('approve', () => ({
      decision: 'approve',
      identity,
      device: typedIn(select),
      adopt: trust.prop('checked') === true && trust.is(':visible'),
    }));
    addButton('reject', () => ({ decision: 'reject', identity }));
    const allow = (): JQuery => approve.prop('disabled', typedIn(select) === '');
    select.on('change', allow);
    allow();
    if (select.children('[value!=""]').length === 0) showLines(result, [text(server, 'stations.noDevice')]);
  }

  /** The devices to choose from; the only one is chosen. */
  private deviceList(parent: JQuery): JQuery {
    const devices = devicesOf(this.server);
    const question = text(this.server, 'stations.device');
    const select = $('<select>', { 'aria-label': question })
      .toggle(devices.length > 0)
      .appendTo(parent);
    if (devices.length !== 1) $('<option>', { value: '' }).text(question).appendTo(select);
    for (const device of devices) $('<option>', { value: device }).text(device).appendTo(select);
    return select;
  }

  private fill({ connection, description, origin, adopt }: Card, station: PendingStation): void {
    const { version, isSecure, serial, firmware, address, hasPassword, lastSeen } = station;
    const said = (key: string, value: string | undefined): string =>
      value ? text(this.server, `stations.${key}`, { value }) : '';
    connection.text(listed([`OCPP ${version}`, isSecure ? 'wss' : 'ws']));
    const facts = listed([nameplate(station), said('serial', serial), said('firmware', firmware)]);
    description.text(facts || text(this.server, 'stations.silent'));
    adopt.toggle(hasPassword);
    const password = text(this.server, `stations.${hasPassword ? 'withPassword' : 'withoutPassword'}`);
    origin.text(listed([address, password, said('seen', momentText(lastSeen))]));
  }
}
