/** A journal that lasts as long as a test. The next bridge or driver can read it, as after a restart. */
import type { Journal } from '../../src/common/journal.ts';

export interface MemoryJournal extends Journal {
  records: object[];
  /** Whether it can be written now. */
  isWritable: boolean;
}

export const createMemoryJournal = (): MemoryJournal => {
  const journal: MemoryJournal = {
    records: [],
    isWritable: true,
    // A journal on disk gives copies as well.
    load: () => structuredClone(journal.records),
    append(record) {
      if (journal.isWritable) journal.records.push(structuredClone(record));
      return journal.isWritable;
    },
    rewrite(records) {
      if (journal.isWritable) journal.records = structuredClone(records);
      return journal.isWritable;
    },
  };
  return journal;
};
