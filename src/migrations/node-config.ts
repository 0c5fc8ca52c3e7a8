/** Configs of nodes as flows hold them: fields by name, none of them checked yet. */
export type Config = Readonly<Record<string, unknown>>;

/** Changes of one version, by node type; types that it left alone are missing. */
export type Step = Readonly<Record<string, (config: Config) => Config>>;
