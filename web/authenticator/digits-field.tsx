// Where a number or a PIN is typed: digits alone, large, and on a phone with the keys for digits.
import { TextInput } from "@mantine/core";
import styles from "./authenticator.module.css";
import { focus } from "./parts.tsx";

type Props = {
  label: string;
  value: string;
  /** how many there are, when that is known */
  length?: number;
  /** not shown while it is typed */
  secret?: boolean;
  /** has the focus */
  first?: boolean;
  onChange: (digits: string) => void;
};

export function DigitsField({ label, value, length = 16, secret = false, first = false, onChange }: Props) {
  return (
    <TextInput
      label={label}
      type={secret ? "password" : "text"}
      inputMode="numeric"
      autoComplete="off"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value.replaceAll(/\D/g, "").slice(0, length))}
      classNames={{ input: styles.digits!, label: styles.label! }}
      {...(first && { ref: focus })}
    />
  );
}
