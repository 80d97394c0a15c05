import type { signIn as english } from '../en/signIn.ts';
import type { OnePluralForm } from '../translation.ts';

export const signIn: OnePluralForm<typeof english> = {
  title: '登录 Reelmill',
  registerTitle: '创建账户',
  form: '登录',
  registerForm: '创建账户',
  server: {
    label: '服务器',
    placeholder: 'reelmill.example.com',
    checking: '正在查找服务器…',
    found: '{{host}} 上的 Reelmill {{version}}',
    plain: '与此服务器的连接未加密，同一网络中的其他人可能看到传输内容。',
  },
  nickname: {
    label: '昵称',
    missing: '请输入其他人看到的昵称。',
    tooLong_other: '最多 {{count}} 个字符。',
  },
  email: {
    label: '邮箱',
    missing: '请输入邮箱地址。',
    invalid: '邮箱地址不完整。',
  },
  password: {
    label: '密码',
    missing: '请输入密码。',
    tooShort_other: '至少 {{count}} 个字符。',
    tooLong_other: '最多 {{count}} 个字符。',
    show: '显示密码',
    hide: '隐藏密码',
  },
  stay: {
    label: '在此电脑上保持登录',
    keyring: '登录状态以系统密钥环中的密钥加密保存。',
    plain:
      '此电脑没有密钥环，登录状态将以未加密的形式保存在仅限你的系统账户读取的文件中。电脑管理员或取得磁盘的人可以使用它。',
    memory: '此电脑无法加密数据：登录状态只保留到 Reelmill 退出。',
    off: '登录状态只保留到 Reelmill 退出，不会保存到磁盘。',
  },
  submit: '登录',
  registerSubmit: '创建账户',
  toRegister: '还没有账户？立即创建',
  toSignIn: '我已有账户',
  ended: {
    title: '你已退出登录',
    uploads: '未完成的上传已保留，登录后会继续。',
  },
  problem: {
    serverMissing: '请输入服务器地址。',
    addressInvalid: '地址格式不正确，应类似 reelmill.example.com 或 http://192.168.1.20:3000。',
    notAServer: '此地址有响应，但不是 Reelmill 服务器。',
    unreachable: '此地址没有响应，请检查地址和网络连接。',
    timeout: '服务器响应超时，可能已停止运行。',
    unavailable: '服务器尚未就绪，请稍后重试。',
    certificate:
      '此服务器的安全证书不可信：可能已过期、属于其他域名，或由本机不认识的机构签发。没有向它发送任何内容，请联系服务器管理员。',
    currentPassword: '当前密码不正确。',
    credentials: '邮箱地址或密码不正确。',
    rateLimited: '尝试次数过多，请一分钟后再试。',
    rateLimitedFor: '尝试次数过多，请在 {{time}}后重试。',
  },
  change: {
    title: '更改密码',
    hint: '此设备保持登录，其他设备上的登录会失效。',
    temporary: '管理员知道你的密码，请换成只有你自己知道的密码。',
    current: '当前密码',
    next: '新密码',
    confirm: '更改密码',
    cancel: '取消',
    later: '以后再说',
    done: '密码已更改。',
  },
  out: {
    title: '退出登录？',
    uploads_other: '有 {{count}} 个上传尚未完成。它们会暂停并保留，重新登录后继续。',
    nothingRunning: '上传列表会保留，重新登录后仍可看到。',
    confirm: '退出登录',
    stay: '保持登录',
  },
};
