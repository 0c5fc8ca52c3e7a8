/** The devices that a scan found, as cards: what each is, its values, and "Use this device". */
import type { EditorNode } from '../red.ts';
import { leastPowerW, positiveDirection, type SignQuestion, signQuestions } from './device-proposals.ts';
import { showLines } from './result.ts';
import type { FoundDevice, PreviewValue } from './scan-answers.ts';
import { ScanPreview } from './scan-preview.ts';
import { factsOf, noteText, placeOf, scanText, titleOf } from './scan-texts.ts';

/** What the integrator has chosen and seen of a found device. */
export interface ChosenDevice {
  device: FoundDevice;
  /** Id of the profile; empty for a SunSpec device. */
  profile: string;
  /** The direction in which the device counts as positive, by the sign that it answers. */
  directions: Partial<Record<SignQuestion['sign'], string>>;
}

/** A form that takes devices over. */
interface Taker {
  /** @returns why this form has no use for a device, as the key of a text; undefined: it can be used */
  unusable(device: FoundDevice): string | undefined;
  use(chosen: ChosenDevice): void;
}

/** The card of one device. */
class DeviceCard {
  readonly #node: EditorNode;
  readonly #device: FoundDevice;
  readonly #box: JQuery;
  readonly #values: JQuery;
  readonly #preview: ScanPreview;
  /** Directions that the integrator sees, by the sign. */
  readonly #seen = new Map<SignQuestion['sign'], string>();
  readonly #told = new Map<SignQuestion, JQuery>();
  #last: readonly PreviewValue[] = [];
  #profile: string;

  constructor(node: EditorNode, device: FoundDevice, place: { scan: string; n: number; parent: JQuery }) {
    this.#node = node;
    this.#device = device;
    this.#profile = device.profiles[0]?.id ?? '';
    this.#box = $('<div class="ems-station">')
      .attr({ role: 'group', 'aria-label': titleOf(node, device) })
      .appendTo(place.parent);
    this.#values = $('<div class="ems-table ems-scan-values">').hide();
    this.#preview = new ScanPreview(node, place, {
      target: this.#values,
      onValues: (values) => this.#onValues(values),
    });
  }

  draw({ unusable, use }: Taker): void {
    const { kind, notes, reason, hasPreview } = this.#device;
    const node = this.#node;
    const head = $('<div class="ems-station-name">').appendTo(this.#box);
    $('<span>').text(titleOf(node, this.#device)).appendTo(head);
    $('<span>').text(placeOf(node, this.#device)).appendTo(head);
    this.#hint(factsOf(node, this.#device));
    if (reason !== undefined) this.#hint(reason);
    if (kind === 'profile' && !this.#device.isNamed) this.#hint(scanText(node, 'likely'));
    for (const each of notes) this.#hint(noteText(node, each));
    if (kind === 'ambiguous') this.#addProfiles();
    const refusal = unusable(this.#device);
    if (refusal !== undefined) this.#hint(scanText(node, refusal));
    const questions = refusal === undefined ? signQuestions(this.#device) : [];
    for (const question of questions) this.#addQuestion(question);
    const buttons = $('<div class="ems-station-buttons">').appendTo(this.#box);
    if (refusal === undefined)
      $('<button type="button" class="red-ui-button primary ems-scan-use">')
        .text(scanText(node, 'use'))
        .on('click', () => use(this.#chosen(questions)))
        .appendTo(buttons);
    if (hasPreview) this.#addValuesButton(buttons);
    this.#values.appendTo(this.#box);
    if (questions.length > 0) void this.#preview.run(() => this.#isUndecided(questions) || this.#values.is(':visible'));
  }

  #hint(line: string): void {
    if (line !== '') $('<div class="ems-hint">').text(line).appendTo(this.#box);
  }

  #addProfiles(): void {
    const label = scanText(this.#node, 'alike');
    this.#hint(label);
    const row = $('<div class="ems-station-buttons">').appendTo(this.#box);
    const select = $('<select>', { 'aria-label': label }).appendTo(row);
    for (const { id, title } of this.#device.profiles) $('<option>', { value: id }).text(title).appendTo(select);
    select.on('change', () => {
      this.#profile = String(select.val());
    });
  }

  #addQuestion(question: SignQuestion): void {
    const { sign, directions } = question;
    const node = this.#node;
    const name = `ems-scan-${sign}-${this.#device.unit}-${this.#device.host ?? ''}`;
    const box = $('<fieldset class="ems-scan-question">').appendTo(this.#box);
    $('<legend>')
      .text(scanText(node, `question.${directions[0]}`))
      .appendTo(box);
    this.#told.set(question, $('<span class="ems-scan-power" aria-live="polite">').appendTo(box));
    for (const direction of [...directions, 'unknown']) {
      const label = $('<label>').appendTo(box);
      $('<input type="radio">')
        .attr({ name, value: direction, checked: direction === 'unknown' })
        .on('change', () => void this.#seen.set(sign, direction))
        .appendTo(label);
      $('<span>')
        .text(scanText(node, `direction.${direction}`))
        .appendTo(label);
    }
    this.#onValues(this.#last);
  }

  #addValuesButton(buttons: JQuery): void {
    const button = $('<button type="button" class="red-ui-button" aria-expanded="false">')
      .text(scanText(this.#node, 'values'))
      .appendTo(buttons);
    button.on('click', () => {
      const isOpen = !this.#values.is(':visible');
      this.#values.toggle(isOpen);
      button.attr('aria-expanded', String(isOpen));
      if (isOpen && this.#last.length === 0) showLines(this.#values, [scanText(this.#node, 'reading')]);
      void this.#preview.run(() => this.#values.is(':visible'));
    });
  }

  #isUndecided(questions: readonly SignQuestion[]): boolean {
    return questions.some(({ sign }) => (this.#seen.get(sign) ?? 'unknown') === 'unknown');
  }

  #powerOf({ path }: SignQuestion): number | undefined {
    const value = this.#last.find((each) => each.path === path)?.value;
    return typeof value === 'number' ? value : undefined;
  }

  #onValues(values: readonly PreviewValue[]): void {
    this.#last = values;
    for (const [question, target] of this.#told) {
      const power = this.#powerOf(question);
      const key = power === undefined ? 'power.unknown' : Math.abs(power) < leastPowerW ? 'power.small' : 'power.now';
      target.text(scanText(this.#node, key, { power }));
    }
  }

  #chosen(questions: readonly SignQuestion[]): ChosenDevice {
    const directions: ChosenDevice['directions'] = {};
    for (const question of questions) {
      const seen = this.#seen.get(question.sign) ?? 'unknown';
      const power = this.#powerOf(question);
      if (seen === 'unknown' || power === undefined || Math.abs(power) < leastPowerW) continue;
      directions[question.sign] = positiveDirection(question, power, seen);
    }
    return { device: this.#device, profile: this.#profile, directions };
  }
}

/** Adds the cards of devices that are not there yet; those that are stay as they are. */
export const showFoundDevices = (
  node: EditorNode,
  { parent, scan, devices }: { parent: JQuery; scan: string; devices: readonly FoundDevice[] },
  taker: Taker,
): void => {
  const shown = parent.children('.ems-station').length;
  for (const [n, device] of devices.entries())
    if (n >= shown) new DeviceCard(node, device, { scan, n, parent }).draw(taker);
};
