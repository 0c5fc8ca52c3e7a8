/** The outcome of discovery as plain data: a device, the models that it lists, and how its list ends. */
import type { DiscoveryNote } from './discovery-notes.ts';

/** The common model (1) in words; a point that the device does not tell is absent. */
export interface CommonModel {
  manufacturer?: string;
  model?: string;
  options?: string;
  version?: string;
  serial?: string;
  /** Unit identifier that the device believes to have. */
  deviceAddress?: number;
}

/** One model of a device. */
export interface ChainModel {
  id: number;
  /** Address of its point ID, 0-based as on the wire. */
  address: number;
  /** Registers behind ID and L, as the device tells it. */
  length: number;
  /** The name of the model, if there is a definition. */
  name?: string;
  /** Registers behind ID and L that the definition may be laid upon; 0 without a definition. */
  trustedLength: number;
  /** Registers that a read of the header has to ask for, if the device refuses to give ID and L alone. */
  headerCount?: number;
  /** Given for each common model: devices that list meters as well have one for each of them. */
  common?: CommonModel;
}

/** How a list of models ends. */
export type ChainEndKind =
  /** With the end model, 0xFFFF. */
  | 'end_model'
  /** With 0x0000 in place of the end model. */
  | 'zeros'
  /** With an exception response in place of the end model. */
  | 'exception'
  /** The device stopped answering: there may be more. */
  | 'silent'
  /** A model has a length that it cannot have; nothing that follows is believed. */
  | 'impossible_length'
  /** A model without a definition has the length 0. */
  | 'no_length'
  /** A length leads beyond the last register there is. */
  | 'beyond_registers'
  /** More models than any device has. */
  | 'too_many_models'
  /** More registers than any device has. */
  | 'too_long'
  /** The list changed each time that it was read; the models are those that stayed. */
  | 'moving';

/** The end of a list of models. */
export interface ChainEnd {
  kind: ChainEndKind;
  /** Address at which the next model, or the end model, was looked for. */
  address: number;
  /** Exception code, for the kind "exception". */
  code?: number;
  /** The header that cannot be right, for the kinds "impossible_length", "no_length" and "beyond_registers". */
  header?: { id: number; length: number };
}

/** The models behind one marker. */
export interface Chain {
  models: ChainModel[];
  end: ChainEnd;
}

/** A SunSpec device. */
export interface SunSpecDevice extends Chain {
  unit: number;
  /** Address of the marker "SunS". */
  base: number;
  /** The first common model; empty if there is none. */
  common: CommonModel;
  /** Peculiarities, and reasons for what is missing. */
  notes: DiscoveryNote[];
  /** Further units under which the same device answers. */
  otherUnits: number[];
}

/** Whether a list of models was read to its end. */
export const isComplete = ({ kind }: ChainEnd): boolean =>
  kind === 'end_model' || kind === 'zeros' || kind === 'exception';
