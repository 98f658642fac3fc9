import { join } from 'node:path';
import type { MemberDoc } from './members/index.ts';
import { createMembers } from './members/index.ts';
import { filteredCampaignRuns } from './campaigns/index.ts';
import type { Campaigns } from './campaigns/index.ts';
import {
  brakesOf,
  createChannels,
  createHealth,
  createMemberRoutes,
  createSealedLogins,
  isLooser,
  senderQueueName,
} from './channels/index.ts';
import type { ChannelDoc, Transport } from './channels/index.ts';
import { createDelivery, turnSettings } from './delivery/index.ts';
import type { Delivery } from './delivery/index.ts';
import { createEnrollments, eraseOldEnrollments, holdEnrollment, stopExcluded } from './enrollments/index.ts';
import type { EnrollmentDoc, ExitResult } from './enrollments/index.ts';
import { collections } from './collections.ts';
import { createHttp } from './http/server.ts';
import type { Http } from './http/server.ts';
import { createTickets } from './http/tickets.ts';
import { webPages } from './http/web-pages.ts';
import { confirmationText, createInbound } from './inbound/index.ts';
import { createInsight } from './insight/index.ts';
import type { AuditEntry } from './insight/index.ts';
import { createMessages } from './messages/index.ts';
import { simulatedClock, systemClock } from './platform/clock.ts';
import type { Clock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import { createPhoneHasher } from './platform/crypto.ts';
import { mongoDocStore } from './platform/doc-store.ts';
import { AppError } from './platform/errors.ts';
import { createEvents } from './platform/events.ts';
import { channelIdOf, idOf, newId } from './platform/ids.ts';
import type { Logger } from './platform/logger.ts';
import { createMetrics } from './platform/metrics.ts';
import { openMongo } from './platform/mongo.ts';
import { systemRandom } from './platform/random.ts';
import type { Random } from './platform/random.ts';
import { closeRedis, openRedis } from './platform/redis.ts';
import { createShutdown } from './platform/shutdown.ts';
import { createReferrals } from './referrals/index.ts';
import { startSchedule } from './schedule.ts';
import { createWebhooks } from './webhooks/index.ts';
import type { News } from './webhooks/index.ts';
import { campaignNews, wireCampaigns } from './wire-campaigns.ts';
import { createSimulatorTransport } from './transports/simulator/index.ts';
import { createVault, createWhatsAppWebTransport } from './transports/whatsapp-web/index.ts';

/** What is outside and may be faked in tests; by default the real thing. */
export interface Outside {
  logger: Logger;
  clock?: Clock;
  random?: Random;
  transport?: Transport;
  /** Where programs are looked for; the usual places by default. */
  path?: string | undefined;
}

export interface App {
  http: Http;
  enrollments: ReturnType<typeof createEnrollments>;
  campaigns: Campaigns;
  delivery: Delivery;
  /** Serves, hosts and ticks, as the roles say. */
  start(): Promise<{ url: string }>;
  /** No new turn is taken, running ones end, channels are given up, stores are closed: in reverse order. */
  close(): Promise<void>;
}

/** The composition root: builds every part once, in order. */
export async function createApp(config: Config, outside: Outside): Promise<App> {
  const { logger } = outside;
  const clock =
    outside.clock ?? (config.SIMULATED_CLOCK ? simulatedClock(config.SIMULATED_CLOCK) : systemClock);
  const random = outside.random ?? systemRandom;
  const shutdown = createShutdown(logger);
  try {
    return await build();
  } catch (error) {
    await shutdown.close();
    throw error;
  }

  async function build(): Promise<App> {
    const metrics = createMetrics({ processMetrics: true });
    const mongo = await openMongo(config.MONGODB_URI);
    shutdown.defer('mongo', () => mongo.close());
    await mongo.buildIndexes(collections);
    const { db } = mongo;
    const prefix = config.REDIS_PREFIX;
    const redis = openRedis(config.REDIS_URL);
    shutdown.defer('redis', () => closeRedis(redis));
    const events = createEvents({ redis, prefix, logger });
    shutdown.defer('events', () => events.close());
    const queuePlace = { redisUrl: config.REDIS_URL, prefix };
    const hasher = await createPhoneHasher({ db, secrets: config.WHATSAPP_SESSION_SECRET });
    const turns = turnSettings(config);
    const tickets = createTickets({ redis, prefix });
    const members = db.collection<MemberDoc>('members');
    const channelDocs = db.collection<ChannelDoc>('channels');

    const wakeChannel = (channelId: string): void => void events.wake('pump', channelId);
    const recordAudit = (entry: AuditEntry): Promise<void> => insight.recordAudit(entry);
    const ended = (result: ExitResult): void => {
      for (const doc of result.ended) void tellTarget(doc);
    };
    const tellTarget = (doc: Pick<EnrollmentDoc, '_id' | 'memberId'>): Promise<void> =>
      events.publish(doc.memberId, { type: 'target', data: { id: doc._id } }, { keep: true });

    const tellOutside = (news: News): void =>
      void webhooks
        .notify(news)
        .catch((error: unknown) =>
          logger.error('News could not be kept for the webhook.', { key: news.key, error }),
        );

    const transport = outside.transport ?? (config.TRANSPORT === 'simulator' ? simulator() : whatsAppWeb());
    const channels = createChannels({
      db,
      config,
      clock,
      random,
      logger,
      metrics,
      events,
      hasher,
      transport,
      queuePlace,
      onMessage: (channelId, message) => inbound.onMessage(channelId, message),
      onReceipt: (channelId, receipt) => delivery.recordReceipt(channelId, receipt),
      wakePump: () => delivery.wakePump(),
      beginSending: instanceId => delivery.beginSending(instanceId),
      endSending: () => delivery.endSending(),
      needsHuman: (channel, sentence) => {
        const at = clock.now();
        const key = `disconnected:${channel._id}:${at.toISOString()}`;
        tellOutside({ key, memberId: channel.memberId, kind: 'disconnected', data: { sentence } });
        health.signal(channel._id);
      },
      memberPhone: async memberId => (await members.findOne({ _id: memberId }))?.phone ?? null,
    });
    const health = createHealth({
      ...{ db, clock, events, logger, wakeChannel },
      dailyCap: async memberId => {
        const member = await members.findOne({ _id: memberId });
        return Math.min(member?.maxMessagesPerDay ?? turns.memberCapDefault, turns.pace.maxPerDay);
      },
      changed: ({ channelId, memberId, from, health: { band, reasons } }) => {
        logger.info('The health of a channel has changed.', { channelId, band, reasons });
        if (isLooser(from, band) || band === 'watch') return;
        const key = `health:${channelId}:${band}:${clock.now().toISOString()}`;
        const data = { reason: 'health', band, sentences: reasons.map(({ sentence }) => sentence) };
        tellOutside({ key, memberId, kind: 'needs_attention', data });
      },
    });
    shutdown.defer('health', () => health.stop());
    const referrals = createReferrals({ config, db, clock, logger });
    const enrollments = createEnrollments({
      config,
      db,
      redis,
      clock,
      logger,
      source: referrals.source,
      hashPhone: hasher,
      wakeChannel,
      ended,
      recordAudit,
      campaignProgress: campaignNews(events).progress,
    });
    const messages = createMessages({
      db,
      config,
      clock,
      logger,
      recordAudit,
      sendTest: async test => {
        const channelId = channelIdOf(test.memberId);
        if (!(await channelDocs.findOne({ _id: channelId }))) {
          throw new AppError('conflict', 'Connect your own WhatsApp first: tests are sent from it.');
        }
        const id = newId();
        await delivery.createOutgoing({
          ...test,
          id,
          kind: 'test',
          channelId,
          phoneHash: hasher(test.phone),
          expiresAfterMs: TEST_LASTS_MS,
        });
        return { id };
      },
    });
    const delivery = createDelivery({
      db,
      config,
      clock,
      random,
      logger,
      metrics,
      calendar: enrollments.calendar,
      queuePlace,
      host: channels.host,
      aliveInstances: () => channels.aliveInstances(),
      senderQueueName,
      messages,
      brakesOf,
      attempted: ({ subject, ...attempt }) =>
        health.recordAttempt({
          ...attempt,
          phoneHash: subject.doc.phoneHash,
          subject: { kind: subject.kind, id: subject.doc._id },
          day: subject.doc.step.day,
        }),
      recordAudit,
      wakeChannel,
    });
    const webhooks = createWebhooks({ db, config, clock, logger });
    const store = mongoDocStore(db);
    const inbound = createInbound({
      db,
      clock,
      logger,
      events,
      hasher,
      exit: exit => enrollments.exitReferral(exit),
      hold: args => holdEnrollment(args, { store }),
      sendConfirmation: ({ channelId, memberId, phone, phoneHash, language }) =>
        delivery.createOutgoing({
          id: idOf('opt-out-confirmation', phoneHash),
          kind: 'opt_out_confirmation',
          ...{ channelId, memberId, phone, phoneHash },
          parts: [{ text: confirmationText(language, config.RELANCE_DEFAULT_LANGUAGE), mediaFilename: null }],
        }),
      notify: news => webhooks.notify(news),
      signal: channelId => health.signal(channelId),
    });
    const eraseOldTexts = async (): Promise<void> => {
      const before = new Date(clock.now().getTime() - config.RELANCE_RETENTION_DAYS * DAY_MS);
      await inbound.eraseTexts(before);
      await eraseOldEnrollments(db, before);
    };
    const statuses = {
      members,
      channels: channelDocs,
      clock,
      defaultZone: config.RELANCE_TIMEZONE,
      maxAttempts: config.CONNECT_MAX_ATTEMPTS,
      countSent: (memberId: string, since: Date) => insight.countSent(memberId, since),
    };
    const insight = createInsight({
      ...{ db, clock, events, brakesOf, statuses },
      ...{ pace: turns.pace, memberCapDefault: turns.memberCapDefault },
      platformZone: config.RELANCE_TIMEZONE,
      sendingSwitch: () => delivery.sendingSwitch(),
      settleLate: row => delivery.settleLate(row),
      hashPhone: hasher,
      exit: exit => enrollments.exitReferral(exit),
      leave: memberId => memberFeature.leave(memberId),
    });
    const campaigns = wireCampaigns({
      ...{ mongo, clock, logger, source: referrals.source, messages, enrollments, insight },
      tell: campaignNews(events).tell,
    });
    shutdown.defer('campaign enrollment', () => enrollments.close(), { timeoutMs: 15_000 });
    const memberFeature = createMembers({
      db,
      clock,
      leaving: {
        stopSending: async memberId => {
          await channelDocs.updateMany(
            { memberId },
            { $set: { 'pauses.member': true }, $unset: { nextActionAt: true } },
          );
        },
        rememberSequences: memberId => insight.rememberSequences({ memberId }),
        disconnect: (memberId, force) => channels.disconnect(memberId, force),
        forgetEvents: memberId => events.forget(memberId),
      },
      async stopFor(memberId, { phone, userId }) {
        const phoneHash = phone === null ? null : hasher(phone);
        const results = await stopExcluded({ memberId, userId, phoneHash, at: clock.now() }, { store });
        results.forEach(ended);
      },
    });
    const http = createHttp({
      config,
      routes: [
        ...channels.routes,
        ...createMemberRoutes({
          ...statuses,
          transportKind: transport.kind,
          transaction: mongo.transaction,
          wakeChannel,
          filteredCampaignRuns: (memberId, session) => filteredCampaignRuns(memberId, { db, session }),
          events,
          tickets,
        }),
        ...memberFeature.routes,
        ...messages.routes,
        ...referrals.routes,
        ...enrollments.routes,
        ...delivery.routes,
        ...campaigns.routes,
        ...insight.routes,
      ],
      pages: webPages(),
      logger,
      redis,
      metrics,
      tickets,
      ready: async () => ({ mongodb: await isUp(mongo.ping()), redis: await isUp(redis.ping()) }),
    });

    return {
      http,
      enrollments,
      campaigns,
      delivery,
      async start() {
        const stopWaking = await events.onWake('pump', () => delivery.wakePump());
        shutdown.defer('wake', () => Promise.resolve(stopWaking()));
        if (config.ROLES.includes('sender')) {
          await channels.startHosting();
          shutdown.defer('hosting', () => channels.stopHosting(), { timeoutMs: 60_000 });
        }
        if (config.ROLES.includes('scheduler')) {
          const ticks = startSchedule(
            {
              enroll: at => enrollments.enrollTick(at),
              followCampaigns: () => campaigns.follow(),
              retryCampaignFiles: () => campaigns.retryMissingFiles(),
              sweep: () => delivery.sweep(),
              followDeliveries: () => insight.followDeliveries(),
              refreshHealth: () => health.refreshAll(),
              eraseOldTexts: async () => {
                await eraseOldTexts();
                await health.forgetOld();
              },
              deliverHelpRequests: () => channels.deliverHelpRequests(),
              deliverNotifications: () => webhooks.deliverDue(),
              finishAnswers: () => inbound.finishNoted(),
            },
            { config, clock, logger },
          );
          shutdown.defer('schedule', () => Promise.all(ticks.map(one => one.stop())), { timeoutMs: 30_000 });
        }
        const { url } = await http.listen(config.PORT, config.HOST);
        shutdown.defer('http', () => http.close(), { timeoutMs: 20_000 });
        logger.info('The service is up.', { url, roles: config.ROLES });
        return { url };
      },
      close: () => shutdown.close(),
    };

    function simulator(): Transport {
      return createSimulatorTransport({
        url: config.SIMULATED_WHATSAPP_URL ?? '',
        loginStore: createSealedLogins(db, config.WHATSAPP_SESSION_SECRET),
        random,
        logger,
      });
    }

    function whatsAppWeb(): Transport {
      const dataDir = join(config.RELANCE_DATA_DIR, 'whatsapp');
      const version = config.WHATSAPP_WEB_VERSION;
      return createWhatsAppWebTransport({
        dataDir,
        browser: {
          executablePath: config.PUPPETEER_EXECUTABLE_PATH,
          path: outside.path ?? '/usr/local/bin:/usr/bin:/bin',
          sandbox: config.BROWSER_SANDBOX,
        },
        simulatedWhatsAppUrl: config.SIMULATED_WHATSAPP_URL ?? null,
        vault: createVault({ db, secrets: config.WHATSAPP_SESSION_SECRET, logger }),
        pinnedVersion: version === undefined ? null : { version, cacheDir: join(dataDir, 'versions') },
        maxSessions: config.RELANCE_MAX_CONCURRENT_SESSIONS,
        memory: { budgetMb: config.RELANCE_SESSION_MEMORY_MB, ceilingMb: SESSION_CEILING_MB },
        clock,
        logger,
      });
    }
  }
}

/** A test that did not go out within a day is no longer worth sending. Calendar time. */
const TEST_LASTS_MS = 24 * 60 * 60_000;
const DAY_MS = 24 * 60 * 60_000;
/** A page of WhatsApp Web that has grown to this is opened anew. */
const SESSION_CEILING_MB = 700;

const isUp = (ping: Promise<unknown>): Promise<boolean> =>
  ping.then(
    () => true,
    () => false,
  );
