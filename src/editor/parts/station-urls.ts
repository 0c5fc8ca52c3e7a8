/** URLs to type into a charging station, one for each address and port under which it reaches the server. */
import type { EditorClient, EditorNode } from '../red.ts';
import { text } from '../texts.ts';
import { type OwnAddress, reachableHosts } from './listen-address.ts';
import { redrawIfChanged } from './result.ts';

declare const RED: EditorClient;

/** Fields of the server as texts; a port that is empty is not open. */
interface ServerPorts {
  host: string;
  /** ws:// */
  port: string;
  /** wss:// */
  tlsPort: string;
}

/** The rest that a URL depends on. */
interface UrlOptions {
  /** Last part of the URL, already encoded. */
  identity: string;
  isTlsNeeded: boolean;
  /** Addresses of the machine that runs Node-RED. */
  machine: readonly OwnAddress[];
  /** Host name in the address bar of the editor. */
  page: string;
}

/** @returns the URLs that a station may dial, those without TLS first */
export const stationUrls = ({ host, port, tlsPort }: ServerPorts, options: UrlOptions): string[] => {
  const hosts = reachableHosts(host, options.machine, options.page);
  const urls = (scheme: string, at: string): string[] =>
    hosts.map((each) => `${scheme}://${each}:${at}/${options.identity}`);
  return [
    ...(port === '' || options.isTlsNeeded ? [] : urls('ws', port)),
    ...(tlsPort === '' ? [] : urls('wss', tlsPort)),
  ];
};

/** @returns an identity as it stands in a URL; empty: the word for it */
export const identityInUrl = (node: EditorNode, identity: string): string =>
  identity === '' ? `<${text(node, 'url.identity')}>` : encodeURIComponent(identity);

const isLoopbackUrl = (url: string): boolean => /^wss?:\/\/(localhost|127\.[\d.]+|\[::1\]):/.test(url);

/** A button that copies a text to the clipboard. @param value read when the button is pressed */
export const copyButton = (node: EditorNode, value: () => string): JQuery =>
  $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small', title: text(node, 'url.copy') })
    .append($('<i class="fa fa-clone">'))
    .on('click', (event) => RED.clipboard.copyText(value(), $(event.currentTarget), 'clipboard.copyMessageValue'));

/** Shows URLs with a button each, and a warning where only this machine reaches one of them. */
export const showUrls = (node: EditorNode, target: string, urls: readonly string[]): void => {
  const box = $(target);
  redrawIfChanged(box, urls, () => {
    for (const url of urls)
      $('<div class="ems-url">')
        .append(
          $('<code>').text(url),
          copyButton(node, () => url),
        )
        .appendTo(box);
    if (urls.some(isLoopbackUrl)) $('<div class="ems-warning">').text(text(node, 'url.local')).appendTo(box);
  });
};
