export { createAdmin, importUser } from "./admin.ts";
export { login } from "./login.ts";
export { endSession, listSessions, logout } from "./logout.ts";
export { profile, updateProfile } from "./profile.ts";
export { refresh } from "./refresh.ts";
export { register } from "./register.ts";
