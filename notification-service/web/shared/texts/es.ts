import type { CommonKey } from './en.ts';

export const texts: Record<CommonKey, string> = {
  adminsOnly: 'Esta página es para administradores. Ábrela con el enlace de un administrador.',
  cancel: 'Cancelar',
  expired: 'Tu sesión ha terminado. Abre de nuevo esta página desde tu plataforma; lo escrito se conserva.',
  language: 'Idioma',
  loading: 'Cargando…',
  navConnection: 'Conexión',
  navFollowUps: 'Mis seguimientos',
  navigation: 'Páginas',
  needsLink: 'Abre esta página con el enlace de tu plataforma.',
  needsLinkTitle: 'Se necesita un enlace',
  offline: 'No hay conexión en este momento. La página continuará sola cuando vuelva.',
  requestId: '(solicitud {id})',
  resumeSending: 'Reanudar los envíos',
  sendingStopped: 'Los envíos están detenidos para todos.',
  skip: 'Ir al contenido',
  somethingWrong: 'Algo ha salido mal. Inténtalo de nuevo.',
  stopNow: 'Detener ahora',
  stopReason: '¿Por qué se detienen los envíos? Todos leerán este motivo.',
  stopSending: 'Parada de emergencia',
  tryAgain: 'Reintentar',
};
