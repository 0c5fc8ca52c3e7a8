/**
 * A SunSpec device that takes commands, and that drops them by itself when their timers run out, on the clock of the test.
 * The registers of its models 12x and 7xx behave as those of real devices: only what is enabled applies.
 */

import { RegisterImage, type UnitImages } from '../../../src/drivers/modbus/index.ts';
import type { ModelLayout } from '../../../src/drivers/sunspec/models/model-layout.ts';
import type { Clock, Timer } from '../../../src/model/time.ts';
import { buildDevice, type ValuedModel } from './valued-device.ts';

/** A switch with a timer: when that runs out, the device writes by itself. */
interface Reversion {
  model: number;
  /** A write to one of these starts the timer anew. */
  starts: string[];
  timer: string;
  /** What the device writes: numbers, or the contents of other points. */
  becomes: Record<string, number | string>;
}

const reversions: readonly Reversion[] = [
  {
    model: 123,
    starts: ['WMaxLimPct', 'WMaxLimPct_RvrtTms', 'WMaxLim_Ena'],
    timer: 'WMaxLimPct_RvrtTms',
    becomes: { WMaxLim_Ena: 0 },
  },
  { model: 123, starts: ['Conn_RvrtTms', 'Conn'], timer: 'Conn_RvrtTms', becomes: { Conn: 1 } },
  {
    model: 123,
    starts: ['OutPFSet', 'OutPFSet_RvrtTms', 'OutPFSet_Ena'],
    timer: 'OutPFSet_RvrtTms',
    becomes: { OutPFSet_Ena: 0 },
  },
  {
    model: 123,
    starts: ['VArMaxPct', 'VArPct_RvrtTms', 'VArPct_Ena'],
    timer: 'VArPct_RvrtTms',
    becomes: { VArPct_Ena: 0 },
  },
  {
    model: 124,
    starts: ['OutWRte', 'InWRte', 'InOutWRte_RvrtTms', 'StorCtl_Mod'],
    timer: 'InOutWRte_RvrtTms',
    becomes: { StorCtl_Mod: 0 },
  },
  {
    model: 704,
    starts: ['WMaxLimPct', 'WMaxLimPctRvrtTms', 'WMaxLimPctEna'],
    timer: 'WMaxLimPctRvrtTms',
    becomes: { WMaxLimPct: 'WMaxLimPctRvrt', WMaxLimPctEna: 'WMaxLimPctEnaRvrt' },
  },
  {
    model: 704,
    starts: ['WSet', 'WSetRvrtTms', 'WSetEna'],
    timer: 'WSetRvrtTms',
    becomes: { WSet: 'WSetRvrt', WSetEna: 'WSetEnaRvrt' },
  },
  {
    model: 704,
    starts: ['VarSet', 'VarSetRvrtTms', 'VarSetEna'],
    timer: 'VarSetRvrtTms',
    becomes: { VarSet: 'VarSetRvrt', VarSetEna: 'VarSetEnaRvrt' },
  },
  {
    model: 704,
    starts: ['PFWInj.PF', 'PFWInjRvrtTms', 'PFWInjEna'],
    timer: 'PFWInjRvrtTms',
    becomes: { 'PFWInj.PF': 'PFWInjRvrt.PF', PFWInjEna: 'PFWInjEnaRvrt' },
  },
];

/** An image that knows which registers its clients have written, whether they changed or not. */
class WrittenImage extends RegisterImage {
  readonly written = new Set<number>();
  /** Clients may not write, as in devices where control is switched off. */
  isLocked = false;

  override isWritable(address: number): boolean {
    return !this.isLocked && super.isWritable(address);
  }

  override write(address: number, word: number): boolean {
    this.written.add(address);
    return super.write(address, word);
  }
}

/** The device with its registers. */
export class TimedDevice {
  readonly holding = new WrittenImage();
  readonly images: UnitImages;
  /** Requests of clients that wrote, in short: "124:OutWRte,InWRte". */
  readonly writes: string[] = [];
  readonly #clock: Clock;
  #layouts: ModelLayout[] = [];
  readonly #timers = new Map<Reversion, Timer>();
  #onWritten: () => void = () => {};

  constructor(models: readonly ValuedModel[], clock: Clock) {
    this.#clock = clock;
    this.images = { holding: this.holding, onWritten: () => this.#onClientWrote() };
    this.become(models);
  }

  /** The models that the device has from now on, at other addresses perhaps. */
  become(models: readonly ValuedModel[]): void {
    const { words, layouts } = buildDevice(models);
    for (const [address, word] of words) this.holding.set(address, word);
    for (const { points } of layouts)
      for (const { address, definition } of points.values())
        if (definition.isWritable) for (let n = 0; n < definition.size; n++) this.holding.allowWrite(address + n);
    this.#layouts = layouts;
  }

  /** Called after each write of a client. */
  onWrite(listener: () => void): void {
    this.#onWritten = listener;
  }

  /** @returns the number in the registers of a point, unsigned: "704:WMaxLimPct" */
  raw(name: string): number {
    return this.#registers(name).reduce((sum, address) => sum * 65_536 + this.holding.peek(address), 0);
  }

  /** @returns the same for several points */
  all(...names: string[]): number[] {
    return names.map((name) => this.raw(name));
  }

  /** Somebody else writes, as one client in one go: numbers by the names of points. */
  write(points: Record<string, number>): void {
    for (const [name, value] of Object.entries(points))
      for (const [n, address] of this.#registers(name).toReversed().entries())
        this.holding.write(address, Math.floor(value / 65_536 ** n) & 0xffff);
    this.#restart();
  }

  #registers(name: string): number[] {
    const [id, path = ''] = name.split(':');
    const point = this.#layouts.find(({ definition }) => definition.id === Number(id))?.points.get(path);
    if (!point) throw new Error(`the device has no ${name}`);
    return Array.from({ length: point.definition.size }, (_, n) => point.address + n);
  }

  #onClientWrote(): void {
    const names = this.#layouts.flatMap(({ definition, points }) =>
      [...points.values()].flatMap(({ path, address }) =>
        this.holding.written.has(address) ? [`${definition.id}:${path}`] : [],
      ),
    );
    this.writes.push(names.join(' '));
    this.#restart();
    this.#onWritten();
  }

  /** Starts the timers that the last write concerns. */
  #restart(): void {
    for (const reversion of reversions) {
      const { model, starts, timer } = reversion;
      if (!this.#layouts.some(({ definition }) => definition.id === model)) continue;
      const isMeant = starts.some((path) =>
        this.#registers(`${model}:${path}`).some((address) => this.holding.written.has(address)),
      );
      if (!isMeant) continue;
      this.#timers.get(reversion)?.cancel();
      const seconds = this.raw(`${model}:${timer}`);
      // Not implemented, or no timer.
      if (seconds === 0 || seconds >= 0xffff) continue;
      this.#timers.set(
        reversion,
        this.#clock.after(seconds * 1000, () => this.#revert(reversion)),
      );
    }
    this.holding.written.clear();
  }

  #revert({ model, becomes }: Reversion): void {
    for (const [path, value] of Object.entries(becomes)) {
      const number = typeof value === 'string' ? this.raw(`${model}:${value}`) : value;
      for (const [n, address] of this.#registers(`${model}:${path}`).toReversed().entries())
        this.holding.set(address, Math.floor(number / 65_536 ** n) & 0xffff);
    }
  }
}
