/**
 * Parts of meta/1 that devices have in common: a thousand meters of one type describe the same quantities and commands.
 * Kept once for each device, and by each node that needs them, they were a third of the memory of a device.
 */
import type { ComponentMeta, Meta } from './meta.ts';

/** Different parts that are remembered: one for each type of component of each type of device. */
const mostParts = 256;

/** Copies by their content. */
class SharedCopies<T extends object> {
  readonly #copies = new Map<string, T>();

  /** @returns the copy with this content, which nobody may change */
  copyOf(part: T): T {
    const content = JSON.stringify(part);
    const copy = this.#copies.get(content) ?? structuredClone(part);
    // Set again, so that the copy that was asked for least recently comes first, and goes first.
    this.#copies.delete(content);
    this.#copies.set(content, copy);
    const [oldest = content] = this.#copies.keys();
    if (this.#copies.size > mostParts) this.#copies.delete(oldest);
    return copy;
  }
}

const quantities = new SharedCopies<ComponentMeta['quantities']>();
const commands = new SharedCopies<NonNullable<ComponentMeta['commands']>>();

const withSharedParts = (component: ComponentMeta): ComponentMeta => ({
  ...component,
  quantities: quantities.copyOf(component.quantities),
  ...(component.commands && { commands: commands.copyOf(component.commands) }),
});

/**
 * @returns a copy of a meta to be kept: it shares its quantities and commands with the metas of devices that have the
 *   same ones, and nothing with the meta that was given, which may be changed by the flow that has it
 */
export const sharedMeta = <M extends Meta>(meta: M): M => ({
  ...meta,
  components: meta.components.map(withSharedParts),
});
