/**
 * The choice of a device: maker, then model, or a few words that stand in either. It is the same in every form. The list
 * of the html stays behind it and holds the value.
 */
import { inputOf, typedIn } from '../field-values.ts';
import type { EditorNode } from '../red.ts';
import { listed } from '../texts.ts';
import { type DeviceEntry, type DeviceNode, deviceIndex, makersOf, searchDevices } from './device-index.ts';
import { scanText } from './scan-texts.ts';

/** A line of the open list. */
type Line =
  | { kind: 'maker'; maker: string; entries: DeviceEntry[] }
  | { kind: 'device'; entry: DeviceEntry }
  /** The first choice of the list in the html: none, or by itself. */
  | { kind: 'none' };

/** Lines that are shown at a time. */
const mostLines = 60;

/** The field of one form. */
export class DeviceChoice {
  readonly #node: EditorNode;
  readonly #own: DeviceNode;
  readonly #select: JQuery;
  readonly #input: JQuery;
  readonly #list: JQuery;
  readonly #id: string;
  #index: DeviceEntry[] = [];
  #lines: Line[] = [];
  #active = -1;
  /** The maker whose models are shown. */
  #maker: string | undefined;

  /** @param field whose list holds the value */
  constructor(node: EditorNode, own: DeviceNode, field: string) {
    this.#node = node;
    this.#own = own;
    this.#select = inputOf(node, field).addClass('ems-choice-value').attr({ tabindex: -1, 'aria-hidden': 'true' });
    this.#id = `ems-choice-${field}`;
    const box = $('<div class="ems-device-choice">').insertBefore(this.#select);
    this.#input = $('<input type="text" autocomplete="off" spellcheck="false">')
      .attr({
        id: this.#id,
        role: 'combobox',
        'aria-autocomplete': 'list',
        'aria-expanded': 'false',
        'aria-controls': `${this.#id}-list`,
      })
      .appendTo(box);
    this.#list = $('<ul role="listbox">').attr('id', `${this.#id}-list`).hide().appendTo(box);
    $(`label[for="${String(this.#select.attr('id'))}"]`).attr('for', this.#id);
    this.#listen();
    this.refresh();
    void this.#load();
  }

  /** Shows what the list of the html holds by now. */
  refresh(): void {
    const chosen = this.#select.find(':selected');
    this.#input.val(typedIn(this.#select) === '' ? '' : chosen.text());
    const none = this.#select.children('[value=""]').text();
    this.#input.attr('placeholder', listed([none, scanText(this.#node, 'choice.placeholder')]));
  }

  async #load(): Promise<void> {
    this.#index = await deviceIndex();
    // The editor puts the words of the html in after the form was opened.
    if (this.#isOpen()) this.#open();
    else if (!this.#input.is(':focus')) this.refresh();
  }

  #listen(): void {
    this.#select.on('change', () => this.refresh());
    this.#input
      .on('focus click', () => {
        if (this.#isOpen()) return;
        this.#maker = undefined;
        this.#input.trigger('select');
        this.#open();
      })
      .on('input', () => {
        this.#maker = undefined;
        this.#open();
      })
      .on('keydown', (event) => this.#onKey(event))
      // A click into the list takes the focus away for a moment.
      .on('blur', () => void setTimeout(() => this.#list.is(':hover') || this.#close(), 150));
  }

  #isOpen(): boolean {
    return this.#list.is(':visible');
  }

  #close(): void {
    this.#list.hide();
    this.#input.attr('aria-expanded', 'false').removeAttr('aria-activedescendant');
    this.refresh();
  }

  /** @returns what was typed; nothing while the field still shows what is chosen */
  #typed(): string {
    const typed = typedIn(this.#input);
    return typed === this.#select.find(':selected').text() ? '' : typed;
  }

  #linesFor(typed: string): Line[] {
    if (this.#maker !== undefined)
      return this.#index
        .filter(({ maker, node }) => maker === this.#maker && node === this.#own)
        .map((entry) => ({ kind: 'device', entry }));
    if (typed !== '') return searchDevices(this.#index, typed, this.#own).map((entry) => ({ kind: 'device', entry }));
    const makers = makersOf(this.#index, this.#own).map(
      ({ maker, entries: [first, ...more] }): Line =>
        first && more.length === 0
          ? { kind: 'device', entry: first }
          : { kind: 'maker', maker, entries: first ? [first, ...more] : [] },
    );
    return this.#select.children('[value=""]').length > 0 ? [{ kind: 'none' }, ...makers] : makers;
  }

  #open(): void {
    this.#lines = this.#linesFor(this.#typed()).slice(0, mostLines);
    this.#active = -1;
    this.#list.empty().show();
    this.#input.attr('aria-expanded', 'true').removeAttr('aria-activedescendant');
    for (const [n, line] of this.#lines.entries()) this.#draw(line, n);
    if (this.#lines.length === 0)
      $('<li class="ems-hint">').text(scanText(this.#node, 'choice.nothing')).appendTo(this.#list);
  }

  #draw(line: Line, n: number): void {
    const isElsewhere = line.kind === 'device' && line.entry.node !== this.#own;
    const item = $('<li role="option">')
      .attr({ id: `${this.#id}-${n}`, 'aria-selected': 'false', ...(isElsewhere && { 'aria-disabled': 'true' }) })
      .on('mousedown', (event) => {
        event.preventDefault();
        this.#take(line);
      })
      .appendTo(this.#list);
    const [strong, soft] = this.#wordsOf(line);
    if (strong !== '') $('<span>').text(strong).appendTo(item);
    $('<span class="ems-choice-more">').text(soft).appendTo(item);
  }

  #wordsOf(line: Line): [strong: string, soft: string] {
    const node = this.#node;
    if (line.kind === 'none') return ['', this.#select.children('[value=""]').text()];
    if (line.kind === 'maker') return [line.maker, scanText(node, 'choice.models', { n: line.entries.length })];
    const { maker, model, node: needed } = line.entry;
    const elsewhere = needed === this.#own ? undefined : scanText(node, `choice.${needed}`);
    return [maker, listed([model, elsewhere])];
  }

  #take(line: Line): void {
    if (line.kind === 'maker') {
      this.#maker = line.maker;
      this.#open();
      this.#move(1);
      return;
    }
    if (line.kind === 'device' && line.entry.node !== this.#own) return;
    this.#select.val(line.kind === 'none' ? '' : line.entry.value).trigger('change');
    this.#close();
  }

  #move(by: number): void {
    const { length } = this.#lines;
    if (length === 0) return;
    this.#active = (this.#active + by + length) % length;
    this.#list.children().attr('aria-selected', 'false');
    const item = this.#list.children().eq(this.#active).attr('aria-selected', 'true');
    item[0]?.scrollIntoView({ block: 'nearest' });
    this.#input.attr('aria-activedescendant', `${this.#id}-${this.#active}`);
  }

  #onKey(event: JQuery.KeyDownEvent): void {
    const { key } = event;
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      event.preventDefault();
      if (!this.#isOpen()) this.#open();
      this.#move(key === 'ArrowDown' ? 1 : this.#active < 0 ? 0 : -1);
      return;
    }
    if (!this.#isOpen()) return;
    if (key === 'Tab') this.#close();
    if (key === 'Escape') {
      // The editor would close the whole form.
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    }
    if (key === 'Enter') {
      event.preventDefault();
      const usable = this.#lines.filter((line) => line.kind !== 'device' || line.entry.node === this.#own);
      const line = this.#lines[this.#active] ?? (usable.length === 1 ? usable[0] : undefined);
      if (line) this.#take(line);
    }
  }
}
