/** A set of Packet Identifiers (1 to 65,535, MQTT 3.1.1 §2.3.1) in at most 8 kB, however many of them a client uses. */

/** A set of Packet Identifiers. */
export class PacketIdSet {
  #bits: Uint8Array | undefined;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  has(id: number): boolean {
    return ((this.#bits?.[id >> 3] ?? 0) & (1 << (id & 7))) !== 0;
  }

  add(id: number): void {
    if (this.has(id)) return;
    this.#bits ??= new Uint8Array(8192);
    this.#bits[id >> 3] = (this.#bits[id >> 3] ?? 0) | (1 << (id & 7));
    this.#count++;
  }

  delete(id: number): void {
    if (!this.#bits || !this.has(id)) return;
    this.#bits[id >> 3] = (this.#bits[id >> 3] ?? 0) & ~(1 << (id & 7));
    this.#count--;
  }
}
