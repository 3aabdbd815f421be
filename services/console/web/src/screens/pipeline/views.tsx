/** Views that a person has named: filters and order, kept in this browser. */

import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useI18n } from "../../i18n/i18n";
import { keep, kept } from "../../lib/kept";
import { Button, Dropdown, DropdownItem, TextField } from "../../ui/controls";
import { Actions, Dialog } from "../../ui/overlay";
import { type Filters, readFilters } from "./filters";

interface View {
  name: string;
  filters: Filters;
}

const KEPT = "pipeline.views";
const MOST = 20;

function keptViews(): View[] {
  try {
    const known: unknown = JSON.parse(kept(KEPT) ?? "[]");
    if (!Array.isArray(known)) return [];
    return known.flatMap((view) =>
      typeof view?.name === "string"
        ? [{ name: view.name, filters: readFilters(view.filters ?? {}) }]
        : [],
    );
  } catch {
    return []; // written by something else: as if there were none
  }
}

export function Views({ filters }: { filters: Filters }) {
  const { t } = useI18n();
  const navigate = useNavigate({ from: "/pipeline" });
  const [views, setViews] = useState(keptViews);
  const [naming, setNaming] = useState(false);
  const [name, setName] = useState("");
  const change = (next: View[]) => {
    setViews(next);
    keep(KEPT, JSON.stringify(next));
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    const named = name.trim();
    if (!named) return;
    change(
      [{ name: named, filters }, ...views.filter((view) => view.name !== named)].slice(0, MOST),
    );
    setNaming(false);
    setName("");
  };
  const current = views.find((view) => JSON.stringify(view.filters) === JSON.stringify(filters));
  return (
    <>
      <Dropdown
        button={<Button>{current?.name ?? t("views.title")}</Button>}
        aria-label={t("views.title")}
        onAction={(key) => {
          if (key === "+") setNaming(true);
          else if (key === "-") change(views.filter((view) => view !== current));
          else {
            const view = views.find((one) => `=${one.name}` === key);
            if (view) void navigate({ search: view.filters });
          }
        }}
      >
        {[
          ...views.map((view) => (
            <DropdownItem key={view.name} id={`=${view.name}`}>
              <bdi dir="auto">{view.name}</bdi>
            </DropdownItem>
          )),
          <DropdownItem key="+" id="+">
            {t("views.save")}
          </DropdownItem>,
          ...(current
            ? [
                <DropdownItem key="-" id="-">
                  {t("views.remove", { name: current.name })}
                </DropdownItem>,
              ]
            : []),
        ]}
      </Dropdown>
      <Dialog title={t("views.save")} open={naming} onClose={() => setNaming(false)}>
        <form onSubmit={save}>
          <TextField
            label={t("views.name")}
            value={name}
            onChange={setName}
            maxLength={60}
            autoFocus
          />
          <Actions>
            <Button type="submit" look="primary" isDisabled={!name.trim()}>
              {t("action.save")}
            </Button>
          </Actions>
        </form>
      </Dialog>
    </>
  );
}
