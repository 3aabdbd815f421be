export function Deal() {
  return null;
}
