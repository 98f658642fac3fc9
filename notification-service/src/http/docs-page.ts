import type { Express, RequestHandler } from 'express';
import swaggerUi from 'swagger-ui-express';
import { FAVICON_PATH } from './favicon.ts';
import type { OpenApiDocument } from './openapi.ts';

/** `/openapi.json`, and `/docs` to browse it. Everything comes from here; no third party is asked. */
export function mountDocs(app: Express, document: OpenApiDocument): void {
  const options = {
    customSiteTitle: 'Relance API',
    customfavIcon: FAVICON_PATH,
    swaggerOptions: { validatorUrl: null, persistAuthorization: false, displayRequestDuration: true },
  };
  app.get('/openapi.json', (_req, res) => {
    res.set('Cache-Control', 'no-cache').json(document);
  });
  app.use('/docs', ownStyles, swaggerUi.serveFiles(document, options), swaggerUi.setup(document, options));
}

/** The page brings a block of styles of its own; scripts stay in files. */
const ownStyles: RequestHandler = (_req, res, next) => {
  const policy = res.getHeader('Content-Security-Policy');
  if (typeof policy === 'string') {
    res.set(
      'Content-Security-Policy',
      policy.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'"),
    );
  }
  next();
};
