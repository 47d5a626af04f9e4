import { UserError } from '../../core/errors.ts';

/** Where runs are mirrored to, from the variables that MLflow's own clients read. */
export interface MlflowSettings {
  /** Without credentials and without a slash at its end. */
  readonly uri: string;
  /** Value of the Authorization header. */
  readonly authorization?: string;
  /** MLFLOW_EXPERIMENT_NAME, made when it is not there. */
  readonly experimentName?: string;
  /** MLFLOW_EXPERIMENT_ID; without either, MLflow's default experiment. */
  readonly experimentId?: string;
  /** MLFLOW_RUN_ID: a run that was made for this one. */
  readonly runId?: string;
}

/**
 * The settings of an environment; undefined where MLFLOW_TRACKING_URI is not set.
 * @throws UserError when it names something other than a server
 */
export function mlflowSettings(environment: NodeJS.ProcessEnv = process.env): MlflowSettings | undefined {
  const address = value(environment, 'MLFLOW_TRACKING_URI');
  if (address === undefined) return undefined;
  return { ...serverSettings(address, environment), ...runSettings(environment) };
}

/**
 * The settings for a server whose address is known otherwise.
 * @throws UserError when it is not the address of a server
 */
export function serverSettings(address: string, environment: NodeJS.ProcessEnv = process.env): MlflowSettings {
  const url = parse(address);
  const [user, password] = [url.username, url.password].map(decodeURIComponent) as [string, string];
  url.username = url.password = url.search = url.hash = '';
  const authorization = authorizationOf(environment) ?? (user === '' ? undefined : basic(user, password));
  return { uri: url.href.replace(/\/+$/, ''), ...(authorization !== undefined && { authorization }) };
}

function runSettings(environment: NodeJS.ProcessEnv): Partial<MlflowSettings> {
  const names = { experimentName: 'MLFLOW_EXPERIMENT_NAME', experimentId: 'MLFLOW_EXPERIMENT_ID', runId: 'MLFLOW_RUN_ID' };
  return Object.fromEntries(Object.entries(names).flatMap(([key, name]) => {
    const given = value(environment, name);
    return given === undefined ? [] : [[key, given]];
  }));
}

function parse(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    // The address of a database may hold a password.
    const shown = address.replace(/\/\/[^/@]*@/, '//...@');
    throw new UserError(`MLFLOW_TRACKING_URI=${shown}: runs are mirrored to MLflow servers only: give an address that begins with http:// or https:// (mlflow server starts one)`);
  }
  return url;
}

/** As in MLflow's client: a name with a password goes before a token. */
function authorizationOf(environment: NodeJS.ProcessEnv): string | undefined {
  const [user, password] = [value(environment, 'MLFLOW_TRACKING_USERNAME'), value(environment, 'MLFLOW_TRACKING_PASSWORD')];
  if (user !== undefined && password !== undefined) return basic(user, password);
  const token = value(environment, 'MLFLOW_TRACKING_TOKEN');
  return token === undefined ? undefined : `Bearer ${token}`;
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** An empty variable is one that is not set. */
function value(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const text = environment[name]?.trim();
  return text === undefined || text === '' ? undefined : text;
}
