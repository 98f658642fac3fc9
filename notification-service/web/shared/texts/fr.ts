import type { CommonKey } from './en.ts';

export const texts: Record<CommonKey, string> = {
  adminsOnly: 'Cette page est réservée aux administrateurs. Ouvrez-la avec le lien d’un administrateur.',
  cancel: 'Annuler',
  expired:
    'Votre session est terminée. Rouvrez cette page depuis votre plateforme ; votre saisie est conservée.',
  language: 'Langue',
  loading: 'Chargement…',
  navConnection: 'Connexion',
  navFollowUps: 'Mes relances',
  navigation: 'Pages du site',
  needsLink: 'Ouvrez cette page avec le lien de votre plateforme.',
  needsLinkTitle: 'Un lien est nécessaire',
  offline: 'Pas de connexion pour le moment. La page reprendra d’elle-même.',
  requestId: '(requête {id})',
  resumeSending: 'Reprendre les envois',
  sendingStopped: 'Les envois sont arrêtés pour tout le monde.',
  skip: 'Aller au contenu',
  somethingWrong: 'Une erreur est survenue. Réessayez.',
  stopNow: 'Arrêter maintenant',
  stopReason: 'Pourquoi arrêter les envois ? Tout le monde lira cette raison.',
  stopSending: 'Arrêt d’urgence',
  tryAgain: 'Réessayer',
  yes: 'Oui',
  navMessages: 'Textes',
};
