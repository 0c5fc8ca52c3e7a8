/**
 * The listener of a station. A station may be here before anybody listens, where its node was made for it: what it reports
 * until then is kept.
 */
import type { Cycle, DeviceState, DriverEvent, DriverSink, Progress } from '../../driver.ts';

/** Buffers what a driver reports until its listener is there. */
export class BufferedSink implements DriverSink {
  private listener: DriverSink | undefined;
  private kept: ((listener: DriverSink) => void)[] = [];

  /** Reports what was kept, in its order, and everything from now on. */
  open(listener: DriverSink): void {
    const { kept } = this;
    this.listener = listener;
    this.kept = [];
    for (const report of kept) report(listener);
  }

  described(): void {
    if (this.listener) this.listener.described();
    else this.kept.push((listener) => listener.described());
  }

  state(state: DeviceState): void {
    if (this.listener) this.listener.state(state);
    else this.kept.push((listener) => listener.state(state));
  }

  cycle(cycle: Cycle): void {
    if (this.listener) this.listener.cycle(cycle);
    else this.kept.push((listener) => listener.cycle(cycle));
  }

  drifted(actuator: string, what: string): void {
    if (this.listener) this.listener.drifted(actuator, what);
    else this.kept.push((listener) => listener.drifted(actuator, what));
  }

  progressed(actuator: string, progress: Progress): void {
    if (this.listener) this.listener.progressed(actuator, progress);
    else this.kept.push((listener) => listener.progressed(actuator, progress));
  }

  event(event: DriverEvent): void {
    if (this.listener) this.listener.event(event);
    else this.kept.push((listener) => listener.event(event));
  }
}
