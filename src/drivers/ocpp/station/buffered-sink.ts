/**
 * Whom a station is told to. It may be here before anybody listens, where its node was made for it: what it tells until
 * then is kept.
 */
import type { DriverSink } from '../../driver.ts';

export interface BufferedSink {
  sink: DriverSink;
  /** Tells what was kept, in its order, and everything from now on. */
  open(listener: DriverSink): void;
}

/** Buffers what a driver reports until its listener is there. */
export const createBufferedSink = (): BufferedSink => {
  const kept: ((listener: DriverSink) => void)[] = [];
  let listener: DriverSink | undefined;
  const tell = (act: (listener: DriverSink) => void): void => {
    if (listener) act(listener);
    else kept.push(act);
  };
  return {
    sink: {
      described: () => tell((to) => to.described()),
      state: (state) => tell((to) => to.state(state)),
      cycle: (cycle) => tell((to) => to.cycle(cycle)),
      drifted: (actuator, what) => tell((to) => to.drifted(actuator, what)),
      progressed: (actuator, progress) => tell((to) => to.progressed(actuator, progress)),
      event: (event) => tell((to) => to.event(event)),
    },
    open(given) {
      listener = given;
      for (const act of kept.splice(0)) act(given);
    },
  };
};
