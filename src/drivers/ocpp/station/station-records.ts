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

/** Records after which the store is written anew. */
const rewriteAfter = 1500;

/** The records of one station: several kinds in one store, each kind with its own way to say all it knows. */
export class StationRecords {
  /** Records of earlier runs, not needed after the start: see release. */
  loaded: unknown[];
  private readonly store: RecordStore;
  private readonly onChange: () => void;
  private readonly snapshots: (() => object[])[] = [];
  /** Records in the store. */
  private written: number;
  private hasFailed = false;

  /** @param onChange called when writing has begun to fail, or works again */
  constructor(store: RecordStore, onChange: () => void = () => {}) {
    this.store = store;
    this.onChange = onChange;
    this.loaded = store.load();
    this.written = this.loaded.length;
  }

  /** The last record could not be written. */
  get isBroken(): boolean {
    return this.hasFailed;
  }

  /** @param isUrgent survives the end of power @returns false where the record could not be written */
  append(record: object, isUrgent: boolean): boolean {
    const { store, snapshots } = this;
    // Before the new record, which no snapshot knows yet. What cannot be written anew stays as it is, and grows.
    if (this.written >= rewriteAfter && store.rewrite(snapshots.flatMap((snapshot) => snapshot()))) this.written = 0;
    const isWritten = store.append(record, isUrgent);
    this.written++;
    if (this.hasFailed === isWritten) {
      this.hasFailed = !isWritten;
      this.onChange();
    }
    return isWritten;
  }

  /** Registers how one kind of records is written anew. */
  keep(snapshot: () => object[]): void {
    this.snapshots.push(snapshot);
  }

  /** Everybody has read the records of before. */
  release(): void {
    this.loaded = [];
  }
}
