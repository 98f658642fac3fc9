import winston from 'winston';
import { maskFields, maskText } from './masking.ts';
import { currentContext } from './request-context.ts';

export { maskPhone } from './masking.ts';

export type LogFields = Readonly<Record<string, unknown>>;
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/**
 * One JSON object a line. Phones, texts and secrets are masked by their field's name and by their look, so pass values
 * as fields (`logger.info('Turn ended', { channelId, phone })`) and never inside the message.
 */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** The same logger with these fields on every line. */
  child(fields: LogFields): Logger;
}

/** `pretty` is for people at a terminal; `stream` is where lines go instead of standard output. */
export function createLogger(options: {
  level: LogLevel;
  pretty?: boolean;
  stream?: NodeJS.WritableStream;
}): Logger {
  const { combine, timestamp, json } = winston.format;
  const target = winston.createLogger({
    level: options.level,
    format: combine(timestamp(), options.pretty === true ? prettyLine : json()),
    transports: [
      options.stream
        ? new winston.transports.Stream({ stream: options.stream })
        : new winston.transports.Console({ stderrLevels: [] }),
    ],
  });
  return loggerOn(target, {});
}

function loggerOn(target: winston.Logger, own: LogFields): Logger {
  const write = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (!target.isLevelEnabled(level)) return;
    target.log({
      ...maskFields({ ...currentContext(), ...own, ...fields }),
      level,
      message: maskText(message),
    });
  };
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    child: fields => loggerOn(target, { ...own, ...fields }),
  };
}

const prettyLine = winston.format.printf(({ level, message, timestamp, ...fields }) => {
  const rest = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`;
  return `${String(timestamp).slice(11, 19)} ${level.toUpperCase().padEnd(5)} ${String(message)}${rest}`;
});
