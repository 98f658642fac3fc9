import { demoImage } from './demo-image.ts';

type DemoLanguage = 'fr' | 'en' | 'es' | 'pt' | 'ar';

export interface DemoMessage {
  dayNumber: number;
  messageTemplate: Readonly<Record<DemoLanguage, string>>;
  /** To be uploaded first; the text is its caption. */
  image: { filename: string; bytes: Buffer } | null;
}

/** Seven friendly days in five languages, the first with a picture: for the embedded start and the demo. */
export const demoMessages = (): DemoMessage[] =>
  TEXTS.map((messageTemplate, index) => ({
    dayNumber: index + 1,
    messageTemplate,
    image: index === 0 ? { filename: 'welcome.png', bytes: demoImage() } : null,
  }));

const TEXTS: readonly Readonly<Record<DemoLanguage, string>>[] = [
  {
    fr: 'Bonjour {{ firstName }} ! C’est {{ referrerName }}. Tu as bien reçu mon invitation ? Dis-moi si tu veux que je te montre comment ça marche.',
    en: 'Hi {{ firstName }}! It’s {{ referrerName }}. Did you get my invitation? Tell me if you’d like me to show you how it works.',
    es: '¡Hola {{ firstName }}! Soy {{ referrerName }}. ¿Recibiste mi invitación? Dime si quieres que te enseñe cómo funciona.',
    pt: 'Olá {{ firstName }}! É {{ referrerName }}. Recebeste o meu convite? Diz-me se queres que te mostre como funciona.',
    ar: 'مرحبا {{ firstName }}! معك {{ referrerName }}. هل وصلتك دعوتي؟ أخبرني إن أردت أن أريك كيف يعمل الأمر.',
  },
  {
    fr: '{{ firstName }}, en deux minutes tu peux finir ton inscription. Ce qui m’a plu : tout se fait depuis le téléphone.',
    en: '{{ firstName }}, it takes two minutes to finish signing up. What I liked: you do everything from your phone.',
    es: '{{ firstName }}, en dos minutos terminas tu registro. Lo que me gustó: todo se hace desde el móvil.',
    pt: '{{ firstName }}, em dois minutos acabas a inscrição. O que me agradou: faz-se tudo no telemóvel.',
    ar: '{{ firstName }}، يمكنك إكمال التسجيل في دقيقتين. ما أعجبني أن كل شيء يتم من الهاتف.',
  },
  {
    fr: 'Une question qu’on me pose souvent : « est-ce que je peux arrêter quand je veux ? » Oui, à tout moment.',
    en: 'A question I often get: “can I stop whenever I like?” Yes, at any time.',
    es: 'Me lo preguntan mucho: «¿puedo dejarlo cuando quiera?» Sí, en cualquier momento.',
    pt: 'Perguntam-me muitas vezes: «posso parar quando quiser?» Sim, a qualquer momento.',
    ar: 'سؤال يتكرر كثيرا: «هل أستطيع التوقف متى شئت؟» نعم، في أي وقت.',
  },
  {
    fr: 'Bonjour {{ name }}, je pensais à toi : il reste juste une étape. Je peux t’aider si quelque chose bloque.',
    en: 'Hello {{ name }}, I was thinking of you: there is just one step left. I can help if something is in the way.',
    es: 'Hola {{ name }}, pensaba en ti: solo queda un paso. Puedo ayudarte si algo no funciona.',
    pt: 'Olá {{ name }}, lembrei-me de ti: só falta um passo. Posso ajudar se algo não funcionar.',
    ar: 'مرحبا {{ name }}، كنت أفكر فيك: بقيت خطوة واحدة فقط. يمكنني المساعدة إن واجهتك مشكلة.',
  },
  {
    fr: 'Petit retour d’expérience : depuis que je suis inscrit, je gagne du temps chaque semaine. À toi de voir !',
    en: 'How it has been for me: since I joined I save time every week. It’s up to you!',
    es: 'Mi experiencia: desde que me apunté, ahorro tiempo cada semana. ¡Tú decides!',
    pt: 'A minha experiência: desde que aderi, poupo tempo todas as semanas. Tu decides!',
    ar: 'تجربتي: منذ اشتركت وأنا أوفر الوقت كل أسبوع. القرار لك!',
  },
  {
    fr: '{{ firstName }}, si ce n’est pas le bon moment, dis-le-moi simplement, je comprendrai.',
    en: '{{ firstName }}, if now is not the time, just tell me, I will understand.',
    es: '{{ firstName }}, si no es el momento, dímelo sin más, lo entenderé.',
    pt: '{{ firstName }}, se não for o momento, diz-me apenas, eu compreendo.',
    ar: '{{ firstName }}، إن لم يكن الوقت مناسبا فأخبرني فقط، سأتفهم ذلك.',
  },
  {
    fr: 'Dernier message de ma part, {{ firstName }}, promis. La porte reste ouverte. Bonne journée !',
    en: 'Last message from me, {{ firstName }}, I promise. The door stays open. Have a good day!',
    es: 'Último mensaje por mi parte, {{ firstName }}, prometido. La puerta queda abierta. ¡Buen día!',
    pt: 'Última mensagem minha, {{ firstName }}, prometo. A porta fica aberta. Bom dia!',
    ar: 'آخر رسالة مني يا {{ firstName }}، أعدك. الباب يبقى مفتوحا. يومك سعيد!',
  },
];
