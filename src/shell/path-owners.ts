/**
 * Which node of this runtime speaks for which device or site, written as the beginning of its topics: "devices/101",
 * "sites/home". What was said of a device or site is over once no node speaks for it any more.
 */
export class PathOwners {
  readonly #over: (path: string) => void;
  readonly #pathOfNode = new Map<string, string>();
  /** Nodes that were removed and are still closing. */
  readonly #closing = new Set<Promise<void>>();

  /** @param over called with the path that no node speaks for any more */
  constructor(over: (path: string) => void) {
    this.#over = over;
  }

  /** A node speaks for a path; the one it spoke for before is over, unless another node speaks for it as well. */
  register(node: string, path: string): void {
    if (this.#pathOfNode.get(node) !== path) this.#release(node);
    this.#pathOfNode.set(node, path);
  }

  /** A node was removed. @param closed its path is over once this has come to an end, well or not */
  remove(node: string, closed: Promise<unknown>): void {
    if (!this.#pathOfNode.has(node)) return;
    const end = (): void => {
      this.#closing.delete(ended);
      this.#release(node);
    };
    const ended: Promise<void> = closed.then(end, end);
    this.#closing.add(ended);
  }

  isSpokenFor(path: string): boolean {
    return [...this.#pathOfNode.values()].includes(path);
  }

  /** Resolves when every node that was removed is closed. */
  async settled(): Promise<void> {
    await Promise.all(this.#closing);
  }

  #release(node: string): void {
    const path = this.#pathOfNode.get(node);
    this.#pathOfNode.delete(node);
    if (path !== undefined && !this.isSpokenFor(path)) this.#over(path);
  }
}
