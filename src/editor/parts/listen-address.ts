/** The field "Listen on" of everything that others dial: the addresses of this machine to choose from. */
import * as z from 'zod/mini';
import { everywhere, thisMachine } from '../../model/limits.ts';
import { inputOf, typedIn } from '../field-values.ts';
import type { EditorNode } from '../red.ts';
import { get } from '../request.ts';
import { text } from '../texts.ts';

const ownAddresses = z.array(z.object({ address: z.string(), name: z.string(), isIpv6: z.boolean() }));
/** An address of the machine that runs Node-RED, with the name of its interface. */
export type OwnAddress = z.infer<typeof ownAddresses>[number];

const everywhereIpv6 = '::';
const another = 'other';

let asked: Promise<readonly OwnAddress[]> | undefined;
/** @returns the addresses of the machine that runs Node-RED, without loopback; empty where they cannot be learnt */
export const machineAddresses = (): Promise<readonly OwnAddress[]> => {
  asked ??= get('ems/addresses', ownAddresses).then((answer) => (answer.ok ? answer.value : []));
  return asked;
};

const isLoopback = (host: string): boolean => /^(localhost|127\.[\d.]+|::1|\[::1\])$/.test(host);
const inUrl = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);

/**
 * @param host that a server listens on; empty: every address
 * @param machine addresses of the machine that runs Node-RED
 * @param page host name in the address bar of the editor
 * @returns the hosts under which others reach the server, as they stand in a URL
 */
export const reachableHosts = (host: string, machine: readonly OwnAddress[], page: string): string[] => {
  if (!['', everywhere, everywhereIpv6].includes(host)) return [inUrl(host)];
  const own = machine.filter(({ isIpv6 }) => host !== everywhere || !isIpv6).map(({ address }) => inUrl(address));
  const shown = isLoopback(page) ? own : [...new Set([page, ...own])];
  return shown.length > 0 ? shown : [page];
};

/** Puts a list in front of the text field, which keeps the value and is seen where none of the list is chosen. */
export const addListenAddress = (node: EditorNode): void => {
  const input = inputOf(node, 'host').addClass('ems-other');
  const select = $('<select>', { id: 'ems-choose-host' }).insertBefore(input);
  input.siblings('label').attr('for', 'ems-choose-host');
  /** Another address was chosen: the text that is typed for it may be an address of the list. */
  let isTyping = false;
  const fill = (found: readonly OwnAddress[]): void => {
    const options = [
      [everywhere, text(node, 'listen.everywhere')],
      [thisMachine, text(node, 'listen.here')],
      ...found.map(({ address, name }) => [address, `${address} (${name})`]),
      [another, text(node, 'listen.other')],
    ];
    select.empty();
    for (const [value = '', label = ''] of options) $('<option>', { value }).text(label).appendTo(select);
    const isListed = options.some(([value]) => value === typedIn(input));
    select.val(isListed && !isTyping ? typedIn(input) : another);
    input.toggle(typedIn(select) === another);
  };
  select.on('change', () => {
    isTyping = typedIn(select) === another;
    input
      .toggle(isTyping)
      .val(isTyping ? '' : typedIn(select))
      .trigger('change');
  });
  fill([]);
  void machineAddresses().then(fill);
};
