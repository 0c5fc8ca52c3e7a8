/** The configuration of a simulated station: keys of OCPP 1.6, variables of 2.x by the name "Component.Variable". */

/** A configuration key, or a variable. */
export interface Setting {
  name: string;
  /** Number of the EVSE that the variable belongs to, OCPP 2.x only. */
  evse?: number;
  value: string;
  isReadonly?: boolean;
  /** The value is never told, as that of a password. */
  isSecret?: boolean;
  /** A new value is in force after the next start. */
  needsReboot?: boolean;
  /** @returns whether a new value is accepted; absent: every value is */
  isValid?(value: string): boolean;
}

/** Outcome of a change, for ConfigurationStatus of OCPP 1.6 and SetVariableStatusEnumType of 2.x. */
export type SettingChange = 'accepted' | 'rejected' | 'reboot_required' | 'unknown' | 'read_only';

/** @returns a setting that the CSMS cannot change */
export const readonlySetting = (name: string, value: string | number | boolean): Setting => ({
  name,
  value: String(value),
  isReadonly: true,
});

/** @returns a setting of up to nine digits */
export const integerSetting = (name: string, value: number): Setting => ({
  name,
  value: String(value),
  isValid: (text) => /^\d{1,9}$/.test(text.trim()),
});

/** @returns a setting that is true or false */
export const booleanSetting = (name: string, value: boolean): Setting => ({
  name,
  value: String(value),
  isValid: (text) => /^(true|false)$/i.test(text),
});

/** @returns a setting of up to 500 characters */
export const textSetting = (name: string, value: string): Setting => ({
  name,
  value,
  isValid: (text) => text.length <= 500,
});

const split = (text: string): string[] => text.split(',').flatMap((item) => item.trim() || []);

/** @param value items, separated by commas @param allowed the items that a new value may have */
export const listSetting = (name: string, value: string, allowed: readonly string[]): Setting => ({
  name,
  value,
  isValid: (text) => split(text).every((item) => allowed.includes(item)),
});

/** Names are compared without regard to case: OCPP 1.6 §9, 2.0.1 part 2 §1. */
export class StationConfiguration {
  readonly #settings: readonly Setting[];

  constructor(settings: readonly Setting[]) {
    this.#settings = settings;
  }

  find(name: string, evse?: number): Setting | undefined {
    return this.#settings.find((each) => each.name.toLowerCase() === name.toLowerCase() && each.evse === evse);
  }

  /** @returns the value; "" for a name that does not exist */
  text(name: string): string {
    return this.find(name)?.value ?? '';
  }

  /** @returns the items of a list */
  items(name: string): string[] {
    return split(this.text(name));
  }

  /** @returns the value; 0 for a name that does not exist */
  number(name: string): number {
    return Number(this.text(name));
  }

  isOn(name: string): boolean {
    return this.text(name).toLowerCase() === 'true';
  }

  all(): readonly Setting[] {
    return this.#settings;
  }

  /** Carries out ChangeConfiguration, or one entry of SetVariables. */
  set(name: string, value: string, evse?: number): SettingChange {
    const setting = this.find(name, evse);
    if (!setting) return 'unknown';
    if (setting.isReadonly) return 'read_only';
    if (setting.isValid && !setting.isValid(value)) return 'rejected';
    setting.value = value;
    return setting.needsReboot ? 'reboot_required' : 'accepted';
  }
}
