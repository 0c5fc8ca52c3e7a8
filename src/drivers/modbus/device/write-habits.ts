/** How a device takes writes, which its driver finds out. */

/** The facts about the writes of a device that outlive its driver. */
export interface WriteHabits {
  /** The device has refused Write Multiple Registers, and taken the same registers one by one. */
  writesSingly: boolean;
}

/** @returns the habits of a device that nothing is known of */
export const createWriteHabits = (): WriteHabits => ({ writesSingly: false });
