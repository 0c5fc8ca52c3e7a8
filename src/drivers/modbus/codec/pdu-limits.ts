/** Values in one request of each function. MODBUS Application Protocol V1.1b3 §6. */

/** Bits that Read Coils and Read Discrete Inputs deliver at most. V1.1b3 §6.1, §6.2. */
export const maxReadBits = 2000;

/** Registers that Read Holding Registers and Read Input Registers deliver at most. V1.1b3 §6.3, §6.4. */
export const maxReadRegisters = 125;

/** Coils that Write Multiple Coils takes at most. V1.1b3 §6.11. */
export const maxWriteCoils = 1968;

/** Registers that Write Multiple Registers takes at most. V1.1b3 §6.12. */
export const maxWriteRegisters = 123;
