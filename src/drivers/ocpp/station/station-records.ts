/** A store of records that outlives the process. The shape of the journals that the runtime keeps. */
export interface RecordStore {
  load(): unknown[];
  /**
   * Survives the end of the process at once; isUrgent: the end of power as well.
   * @returns false where it could not be written
   */
  append(record: object, isUrgent: boolean): boolean;
  /** Puts these records in the place of all. */
  rewrite(records: object[]): boolean;
}

/** Several kinds of records in one store, each kind with its own way to say all it knows. */
export interface StationRecords {
  /** Records of earlier runs, not needed after the start: see release. */
  loaded: unknown[];
  append(record: object, isUrgent: boolean): boolean;
  /** The last record could not be written. */
  readonly isBroken: boolean;
  /** Registers how one kind of records is written anew. */
  keep(snapshot: () => object[]): void;
  /** Everybody has read the records of before. */
  release(): void;
}

/** Records after which the store is written anew. */
const rewriteAfter = 1500;

/** The records of one station in a store. */
export const createStationRecords = (store: RecordStore): StationRecords => {
  const snapshots: (() => object[])[] = [];
  const records = {
    loaded: store.load(),
    isBroken: false,
    append(record: object, isUrgent: boolean) {
      // Before the new record, which no snapshot knows yet. What cannot be written anew stays as it is, and grows.
      if (written >= rewriteAfter && store.rewrite(snapshots.flatMap((snapshot) => snapshot()))) written = 0;
      records.isBroken = !store.append(record, isUrgent);
      written++;
      return !records.isBroken;
    },
    keep: (snapshot: () => object[]) => void snapshots.push(snapshot),
    release() {
      records.loaded = [];
    },
  };
  let written = records.loaded.length;
  return records;
};
