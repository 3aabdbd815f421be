/** What people press, choose and fill: React Aria's behaviour in our clothes. */

import { type ReactNode, useEffect, useRef } from "react";
import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
  Select as AriaSelect,
  type SelectProps as AriaSelectProps,
  TextField as AriaTextField,
  type TextFieldProps as AriaTextFieldProps,
  Tooltip as AriaTooltip,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Menu,
  MenuItem,
  type MenuItemProps,
  type MenuProps,
  MenuTrigger,
  Popover,
  SelectValue,
  Text,
  ToggleButton,
  ToggleButtonGroup,
  TooltipTrigger,
} from "react-aria-components";
import { Icon, type IconName } from "./icon";
import { classes } from "./pieces";
import styles from "./ui.module.css";

export interface ButtonProps extends Omit<AriaButtonProps, "className" | "children"> {
  look?: "default" | "primary" | "quiet" | "danger";
  size?: "normal" | "small";
  icon?: IconName;
  children?: ReactNode;
}

/** A button. One with an icon alone needs an aria-label, which it also shows as its tooltip. */
export function Button({
  look = "default",
  size = "normal",
  icon,
  children,
  ...props
}: ButtonProps) {
  const alone = children === undefined;
  const button = (
    <AriaButton
      {...props}
      className={classes(
        styles.button,
        look !== "default" && styles[look],
        size === "small" && styles.small,
        alone && styles.square,
      )}
    >
      {icon && <Icon name={icon} />}
      {children}
    </AriaButton>
  );
  return alone && props["aria-label"] ? <Hint text={props["aria-label"]}>{button}</Hint> : button;
}

/** Words that appear when its one focusable child is pointed at or focused. */
export function Hint({ text, children }: { text: string; children: ReactNode }) {
  return (
    <TooltipTrigger delay={400} closeDelay={0}>
      {children}
      <AriaTooltip className={styles.tooltip ?? ""} offset={6}>
        {text}
      </AriaTooltip>
    </TooltipTrigger>
  );
}

export interface TextFieldProps extends Omit<AriaTextFieldProps, "className" | "children"> {
  label: string;
  hint?: string;
  error?: string | undefined;
  placeholder?: string;
}

export function TextField({ label, hint, error, placeholder, ...props }: TextFieldProps) {
  return (
    <AriaTextField {...props} isInvalid={error !== undefined} className={styles.field ?? ""}>
      <Label className={styles.label ?? ""}>{label}</Label>
      <Input className={styles.input ?? ""} placeholder={placeholder} />
      {hint && (
        <Text slot="description" className={styles.hint ?? ""}>
          {hint}
        </Text>
      )}
      <FieldError className={styles.error ?? ""}>{error}</FieldError>
    </AriaTextField>
  );
}

export interface Choice {
  id: string;
  name: string;
  hint?: string;
}

export interface SelectProps
  extends Omit<
    AriaSelectProps<Choice>,
    "className" | "children" | "onSelectionChange" | "onChange"
  > {
  label: string;
  /** Whether the label is only for who hears the page. */
  labelHidden?: boolean;
  choices: readonly Choice[];
  onChoose: (id: string) => void;
}

export function Select({ label, labelHidden, choices, onChoose, ...props }: SelectProps) {
  return (
    <AriaSelect
      {...props}
      className={styles.field ?? ""}
      {...(labelHidden ? { "aria-label": label } : {})}
      onChange={(key) => key !== null && onChoose(String(key))}
    >
      {!labelHidden && <Label className={styles.label ?? ""}>{label}</Label>}
      <AriaButton className={styles.button ?? ""}>
        <SelectValue className={styles.value ?? ""}>
          {({ selectedText, defaultChildren }) => selectedText || defaultChildren}
        </SelectValue>
        <Icon name="down" />
      </AriaButton>
      <Popover className={styles.popover ?? ""} offset={4}>
        <ListBox className={styles.list ?? ""} items={choices}>
          {(choice) => (
            <ListBoxItem className={styles.option ?? ""} textValue={choice.name}>
              <Text slot="label" dir="auto">
                {choice.name}
              </Text>
              {choice.hint && <span className={styles.optionHint}>{choice.hint}</span>}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

/** A menu behind a button: `<Dropdown button={<Button/>}><DropdownItem/></Dropdown>`. */
export function Dropdown<T extends object>({
  button,
  ...props
}: { button: ReactNode } & Omit<MenuProps<T>, "className">) {
  return (
    <MenuTrigger>
      {button}
      <Popover className={styles.popover ?? ""} offset={4}>
        <Menu {...props} className={styles.list ?? ""} />
      </Popover>
    </MenuTrigger>
  );
}

/** The same menu at a place of the page, for many buttons that share it: each of its own would be made with it. */
export function DropdownAt<T extends object>({
  place,
  onClose,
  ...props
}: { place: HTMLElement; onClose: () => void } & Omit<MenuProps<T>, "className" | "onClose">) {
  const trigger = useRef<Element>(place);
  useEffect(() => () => handOn(place), [place]);
  return (
    <Popover
      className={styles.popover ?? ""}
      trigger="MenuTrigger"
      triggerRef={trigger}
      isOpen
      onOpenChange={(open) => !open && onClose()}
      offset={4}
    >
      <Menu {...props} className={styles.list ?? ""} onClose={onClose} autoFocus="first" />
    </Popover>
  );
}

/** What a menu gives the focus back to may be the row that its button is in: it is the button's. */
function handOn(place: HTMLElement): void {
  // The focus is given back in the frame after the menu is gone.
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      if (document.activeElement?.contains(place)) place.focus();
    }),
  );
}

export function DropdownItem({
  icon,
  hint,
  children,
  ...props
}: { icon?: IconName; hint?: ReactNode; children: ReactNode } & Omit<
  MenuItemProps,
  "className" | "children"
>) {
  return (
    <MenuItem {...props} className={styles.option ?? ""}>
      {({ isSelected }) => (
        <>
          {icon && <Icon name={icon} />}
          <Text slot="label">{children}</Text>
          {isSelected && <Icon name="check" />}
          {hint && <span className={styles.optionHint}>{hint}</span>}
        </>
      )}
    </MenuItem>
  );
}

/** One of a few choices, all of them in sight. */
export function Segments<T extends string>({
  label,
  choices,
  value,
  onChange,
}: {
  label: string;
  choices: readonly { id: T; name: string; icon?: IconName }[];
  value: T;
  onChange: (id: T) => void;
}) {
  return (
    <ToggleButtonGroup
      aria-label={label}
      className={styles.segments ?? ""}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[value]}
      onSelectionChange={(keys) => {
        for (const key of keys) onChange(key as T);
      }}
    >
      {choices.map((choice) => (
        <ToggleButton
          key={choice.id}
          id={choice.id}
          className={styles.segment ?? ""}
          {...(choice.icon ? { "aria-label": choice.name } : {})}
        >
          {choice.icon ? <Icon name={choice.icon} size={14} /> : choice.name}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
