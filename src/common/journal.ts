/** Records that outlive the process, in their order: what a bridge was commanded, what a charging station has drawn. */
export interface Journal {
  /** @returns the records that were written whole */
  load(): unknown[];
  /**
   * Adds a record, which survives the end of the process at once.
   * @param isUrgent whether it has to survive the loss of power as well
   * @returns false where it could not be written
   */
  append(record: object, isUrgent: boolean): boolean;
  /** Puts these records in the place of all. @returns false where they could not be written: those before stay */
  rewrite(records: object[]): boolean;
}
