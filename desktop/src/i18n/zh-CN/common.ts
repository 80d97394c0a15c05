import type { common as english } from '../en/common.ts';
import type { OnePluralForm } from '../translation.ts';

export const common: OnePluralForm<typeof english> = {
  navigation: {
    label: '主导航',
    skip: '跳到主要内容',
    queue: '上传',
    library: '视频库',
    farm: '转码集群',
    settings: '设置',
  },
  account: {
    menu: '账户',
    settings: '账户设置',
    signOut: '退出登录',
  },
  action: {
    cancel: '取消',
    close: '关闭',
    copy: '复制',
    delete: '删除',
    retry: '重试',
    save: '保存',
    back: '返回',
  },
  notice: {
    close: '关闭此通知',
    problem: '操作失败',
  },
  loading: '正在加载',
  start: {
    failed: '无法显示 Reelmill',
    body: '上传不受影响，仍在后台进行。',
    reload: '重新加载',
  },
  crash: {
    title: '此页面出现问题',
    body: '上传不受影响，仍在后台进行。应用的其他部分可以照常使用。',
    again: '重新显示',
  },
};
