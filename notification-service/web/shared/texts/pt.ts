import type { CommonKey } from './en.ts';

export const texts: Record<CommonKey, string> = {
  adminsOnly: 'Esta página é para administradores. Abra-a com o link de um administrador.',
  cancel: 'Cancelar',
  expired:
    'A sua sessão terminou. Abra esta página de novo a partir da sua plataforma; o que escreveu fica guardado.',
  language: 'Idioma',
  loading: 'A carregar…',
  navConnection: 'Ligação',
  navFollowUps: 'Os meus contactos',
  navigation: 'Páginas',
  needsLink: 'Abra esta página com o link da sua plataforma.',
  needsLinkTitle: 'É preciso um link',
  offline: 'Não há ligação de momento. A página continua sozinha quando ela voltar.',
  requestId: '(pedido {id})',
  resumeSending: 'Retomar os envios',
  sendingStopped: 'Os envios estão parados para todos.',
  skip: 'Ir para o conteúdo',
  somethingWrong: 'Algo correu mal. Tente de novo.',
  stopNow: 'Parar agora',
  stopReason: 'Porque param os envios? Todos vão ler este motivo.',
  stopSending: 'Paragem de emergência',
  tryAgain: 'Tentar de novo',
  yes: 'Sim',
  navMessages: 'Mensagens',
};
