/** News for the commands of a device: from the device itself, and from the broker. */
import type { Progress } from '../drivers/driver.ts';
import { componentOf, type Desk, takeUp } from './desk.ts';
import type { Measured } from './effect-watch.ts';
import { isGoalReached } from './goals.ts';

/** The device does not hold any more what it was told. */
export const noteDrift = ({ sink, lines }: Desk, key: string, what: string): void => {
  const actuator = sink.actuators().find((each) => each.key === key);
  if (!actuator?.fallback) return;
  sink.event(componentOf(actuator), 'setpoint_lost', 'warning', { message: what.slice(0, 1024) });
  lines.get(key)?.steering.drifted();
};

/** The progress of an order shows, or shows otherwise than before. */
export const noteProgress = ({ lines }: Desk, key: string, progress: Progress): void =>
  lines.get(key)?.steering.progressed(progress);

/** The device answers again. */
export const noteReturn = ({ lines }: Desk): void => {
  for (const { steering } of lines.values()) steering.returned();
};

/** The device may have more to command than before. */
export const noteOffer = (desk: Desk): void => {
  for (const steering of takeUp(desk)) steering.start([]);
};

/** A node left the broker: what its requesters hold for their session ends. */
export const noteLoss = ({ lines }: Desk, node: string): void => {
  for (const { steering } of lines.values())
    steering.endWhere(({ owner, isBound }) => isBound && owner.split('/')[0] === node, 'owner_offline');
};

/** A component measures this now. */
export const noteMeasured = ({ lines }: Desk, component: string, measured: Measured): void => {
  for (const { component: own, steering } of lines.values()) {
    if (own !== component) continue;
    steering.measured(measured);
    const holder = measured.quantity === 'soc' ? steering.holder() : undefined;
    if (holder && isGoalReached(holder, measured.value))
      steering.endWhere((lease) => lease === holder, 'target_reached');
  }
};
