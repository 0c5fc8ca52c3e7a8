/** Listeners of one kind of news. */

/** A list of listeners, which hear of each piece of news in the order in which they were added. */
export class Listeners<T> {
  #listeners: readonly ((news: T) => void)[] = [];

  /** @returns a function that removes the listener */
  add(listener: (news: T) => void): () => void {
    // Spreading into a new list reserves room for 17 entries, which thousands of short lists would never use.
    this.#listeners = this.#listeners.concat(listener);
    return () => {
      this.#listeners = this.#listeners.filter((each) => each !== listener);
    };
  }

  notify(news: T): void {
    for (const listener of this.#listeners) listener(news);
  }
}
