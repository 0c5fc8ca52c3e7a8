/**
 * A functional block of the specification, as one station has it: hooks that the driver calls in the order of its list of
 * blocks. A block is created once per station from its context (station/station.ts) and options of its own.
 */
import type { Params } from '../../model/command.ts';
import type { Applied } from '../driver.ts';
import type { BlockCommands } from './block-commands.ts';
import type { MessageHandlers } from './message-handlers.ts';
import type { Answer, StationMessage } from './messages.ts';
import type { StationLink } from './ocpp-j/station-link.ts';

/** A CALL of the station on its way through the blocks. */
export interface IncomingCall {
  readonly action: string;
  readonly payload: unknown;
  /** The decoded payload. */
  readonly message: StationMessage;
  /** The decision about the CALLRESULT; undefined until the blocks have made it. */
  answer: Answer | undefined;
}

/** The payload of the CALLRESULT. */
export type Reply = object | Promise<object>;

/** A command that is carried out once, as a session started or a connector unlocked. */
export interface StationCommand {
  /** 0: the station as a whole. */
  evse: number;
  /** A verb of model/verbs.ts. */
  verb: string;
  params: Params;
  /** Monotonic ms; after it, nothing is sent any more. */
  startBy: number;
}

/** Handlers of messages throw a CallFailure where the station has to repeat the message. */
export interface Block extends MessageHandlers {
  /** Before a message is handled: the station speaks although it may not be sent calls yet, or boots. */
  starting?(isBoot: boolean): void;
  /** Before a message is handled: the same message, or one in its place whose values are as they were meant. */
  interpret?(message: StationMessage): StationMessage;
  /**
   * Wraps the handling of a CALL of the station, for the one block that relays calls.
   * @throws CallFailure instead of a reply: the station gets a CALLERROR, or has to repeat its call
   */
  around?(call: IncomingCall, next: () => Reply): Reply;
  /** The commands that `act` carries out, for this station as far as it is known by now. */
  commands?(): BlockCommands;
  /** Carries out a command. @returns undefined where the verb is another block's @throws CommandFailure, CallFailure */
  act?(command: StationCommand): Promise<Applied> | undefined;
  /** A connection is open; the station has not said anything on it yet. */
  connected?(link: StationLink): void;
  /** The station may be sent calls. @param wasUsable the end of the connection before was not seen */
  usable?(wasUsable: boolean): void;
  /** The station was read and configured on this connection. @param signal aborts with the connection */
  provisioned?(signal: AbortSignal): Promise<void>;
  /** On this EVSE a car came or left, or a transaction began, went on or ended. @param evse 0: the station as a whole */
  moved?(evse: number): void;
  /** Time passes while the station is usable: about every 10 s, or every sampling interval where that is shorter. */
  tick?(): void;
  disconnected?(): void;
  /** Timers end for good. */
  close?(): void;
}
