/** What can be set on a station: keys of 1.6, variables of 2.x by the name "Component.Variable". */

export interface Setting {
  name: string;
  /** 2.x: the EVSE it belongs to. */
  evse?: number;
  value: string;
  isReadonly?: boolean;
  /** Is never told. */
  isSecret?: boolean;
  /** Holds after the next start. */
  needsReboot?: boolean;
  fits?(value: string): boolean;
}

export type Taken = 'accepted' | 'rejected' | 'reboot_required' | 'unknown' | 'read_only';

export interface Settings {
  find(name: string, evse?: number): Setting | undefined;
  /** "" where there is none. */
  text(name: string, evse?: number): string;
  /** Items of a list. */
  items(name: string): string[];
  /** 0 where there is none. */
  number(name: string): number;
  isOn(name: string): boolean;
  all(): readonly Setting[];
  set(name: string, value: string, evse?: number): Taken;
}

export const fixed = (name: string, value: string | number | boolean): Setting => ({
  name,
  value: String(value),
  isReadonly: true,
});

export const count = (name: string, value: number): Setting => ({
  name,
  value: String(value),
  fits: (text) => /^\d{1,9}$/.test(text.trim()),
});

export const flag = (name: string, value: boolean): Setting => ({
  name,
  value: String(value),
  fits: (text) => /^(true|false)$/i.test(text),
});

export const words = (name: string, value: string): Setting => ({ name, value, fits: (text) => text.length <= 500 });

const split = (text: string): string[] => text.split(',').flatMap((item) => item.trim() || []);

export const list = (name: string, value: string, allowed: readonly string[]): Setting => ({
  name,
  value,
  fits: (text) => split(text).every((item) => allowed.includes(item)),
});

export const createSettings = (settings: Setting[]): Settings => {
  // Names are compared without regard to case: OCPP 1.6 §9, 2.0.1 part 2 §1.
  const find = (name: string, evse?: number): Setting | undefined =>
    settings.find((each) => each.name.toLowerCase() === name.toLowerCase() && each.evse === evse);
  const text = (name: string, evse?: number): string => find(name, evse)?.value ?? '';
  return {
    find,
    text,
    items: (name) => split(text(name)),
    number: (name) => Number(text(name)),
    isOn: (name) => text(name).toLowerCase() === 'true',
    all: () => settings,
    set(name, value, evse) {
      const setting = find(name, evse);
      if (!setting) return 'unknown';
      if (setting.isReadonly) return 'read_only';
      if (setting.fits && !setting.fits(value)) return 'rejected';
      setting.value = value;
      return setting.needsReboot ? 'reboot_required' : 'accepted';
    },
  };
};
