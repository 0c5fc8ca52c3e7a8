/** The values of a device that has no node yet: each with its register, the factor that scales it, and its age. */
import type { EditorNode } from '../red.ts';
import { textOf, unitText } from '../texts.ts';
import { showLines } from './result.ts';
import { type PreviewValue, scanRequests } from './scan-answers.ts';
import { scanText } from './scan-texts.ts';

/** ms between two previews. */
const everyMs = 3000;

const columns = ['quantity', 'value', 'register', 'factor', 'age'] as const;
const numbers: readonly string[] = ['value', 'factor', 'age'];

/** @returns register and factor of "40084: 0e10 (10^-1)" */
export const splitRaw = (raw = ''): { register: string; factor: string } => {
  const [, register = raw, exponent] = /^(.*?)(?: \(10\^(-?\d+)\))?$/.exec(raw) ?? [];
  return { register, factor: exponent === undefined ? '' : exponent === '0' ? '1' : String(10 ** Number(exponent)) };
};

const valueText = ({ value, unit }: PreviewValue, reason: string): string => {
  if (value === null) return `– ${reason}`.trim();
  return `${typeof value === 'number' ? Number(value.toPrecision(7)) : value} ${unitText(unit)}`.trim();
};

/** The table of one device, which is read again and again while it is open. */
export class ScanPreview {
  readonly #node: EditorNode;
  readonly #scan: string;
  readonly #n: number;
  readonly #target: JQuery;
  readonly #onValues: (values: readonly PreviewValue[]) => void;
  #isRunning = false;

  /** @param place id of the scan, and the place of the device in its list */
  constructor(
    node: EditorNode,
    place: { scan: string; n: number },
    shown: { target: JQuery; onValues(values: readonly PreviewValue[]): void },
  ) {
    this.#node = node;
    this.#scan = place.scan;
    this.#n = place.n;
    this.#target = shown.target;
    this.#onValues = shown.onValues;
  }

  /** Reads until the table is hidden or gone. */
  async run(isWanted: () => boolean): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (isWanted() && this.#target[0]?.isConnected) {
      const answer = await scanRequests.preview(this.#scan, this.#n);
      if (!this.#target[0]?.isConnected) break;
      const { isOver = false, values = [] } = answer.ok ? answer.value : {};
      if (!answer.ok) showLines(this.#target, [answer.error], false);
      else if (isOver) showLines(this.#target, [scanText(this.#node, 'over')]);
      else this.#show(values);
      if (!answer.ok || isOver) break;
      this.#onValues(values);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    this.#isRunning = false;
  }

  #show(values: readonly PreviewValue[]): void {
    const node = this.#node;
    this.#target.empty().removeClass('ems-bad');
    const table = $('<table>').appendTo(this.#target);
    const head = $('<tr>').appendTo($('<thead>').appendTo(table));
    for (const column of columns)
      $('<th>', { scope: 'col', class: numbers.includes(column) ? 'ems-number' : '' })
        .text(scanText(node, `column.${column}`))
        .appendTo(head);
    const body = $('<tbody>').appendTo(table);
    for (const each of values) {
      const reason =
        each.reason === undefined ? '' : textOf(node, `@emsflow/node-red-ems/ems-pick:ems-pick.reason.${each.reason}`);
      const { register, factor } = splitRaw(each.raw);
      const age = scanText(node, 'age', { s: Math.max(0, Math.round((Date.now() - each.at) / 1000)) });
      const cells = { quantity: each.path, value: valueText(each, reason), register, factor, age };
      const row = $('<tr>').appendTo(body);
      for (const column of columns)
        $('<td>', { class: numbers.includes(column) ? 'ems-number' : '' })
          .append(column === 'register' ? $('<code>').text(cells[column]) : document.createTextNode(cells[column]))
          .appendTo(row);
    }
  }
}
