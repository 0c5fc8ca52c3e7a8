/** The interface of a bus: one connection that several units share. */
import type { ReadRequest, WriteRequest } from '../../messages.ts';
import type { LinkState } from '../modbus-link.ts';
import type { BusNotice } from './bus-notices.ts';
import type { UnitLimits } from './bus-unit.ts';

/** Whether a unit answers. */
export interface UnitHealth {
  isDead: boolean;
  /** Milliseconds until the next probe at the earliest, for a dead unit. */
  retryMs: number;
  /** Why the unit is taken for dead. */
  reason?: string;
}

/** A bus, whose units are attached before they are asked. */
export interface Bus {
  /**
   * Registers a device before its first request; the connection is closed a moment after the last one has left.
   * @returns a function that detaches the device
   */
  attach(unit: number, limits: UnitLimits): () => void;
  /**
   * Reads from a unit that is attached.
   * @param retryUntil monotonic ms by which a second attempt has to be over, if the first one fails
   * @throws ModbusFailure
   */
  read(request: ReadRequest, retryUntil?: number): Promise<Buffer>;
  /**
   * Writes to a unit that is attached: once, and before everything that waits to be read.
   * @param notAfter monotonic ms after which the request is not sent any more
   * @throws ModbusFailure; its meaning is left to the sender
   */
  write(request: WriteRequest, notAfter?: number): Promise<void>;
  /** Tries to reconnect more often for a few seconds, because a device has to be brought into its safe state. */
  reconnectSoon(): void;
  health(unit: number): UnitHealth;
  linkState(): LinkState;
  /** @returns a function that ends the listening for changes of the link and of the health of units */
  onChange(listener: () => void): () => void;
  /** @returns a function that ends the listening */
  onNotice(listener: (notice: BusNotice) => void): () => void;
  /** @returns the attached unit that answered last */
  attachedUnit(): number | undefined;
  /**
   * Closes the connection.
   * @param leavingMs time for devices to detach first, since a device that is taken away is brought into its safe state
   */
  close(leavingMs?: number): Promise<void>;
}
