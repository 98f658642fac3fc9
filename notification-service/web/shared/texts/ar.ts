import type { CommonKey } from './en.ts';

export const texts: Record<CommonKey, string> = {
  adminsOnly: 'هذه الصفحة للمشرفين. افتحها برابط أحد المشرفين.',
  cancel: 'إلغاء',
  expired: 'انتهت جلستك. افتح هذه الصفحة من جديد من منصتك؛ ما كتبته محفوظ.',
  language: 'اللغة',
  loading: 'جارٍ التحميل…',
  navConnection: 'الاتصال',
  navFollowUps: 'متابعاتي',
  navigation: 'الصفحات',
  needsLink: 'افتح هذه الصفحة بالرابط الذي أعطتك إياه منصتك.',
  needsLinkTitle: 'يلزم رابط',
  offline: 'لا يوجد اتصال الآن. ستكمل الصفحة وحدها عند عودته.',
  requestId: '(الطلب {id})',
  resumeSending: 'استئناف الإرسال',
  sendingStopped: 'الإرسال متوقف للجميع.',
  skip: 'انتقل إلى المحتوى',
  somethingWrong: 'حدث خطأ ما. حاول مرة أخرى.',
  stopNow: 'أوقف الآن',
  stopReason: 'لماذا يتوقف الإرسال؟ سيقرأ الجميع هذا السبب.',
  stopSending: 'إيقاف طارئ',
  tryAgain: 'حاول مرة أخرى',
};
