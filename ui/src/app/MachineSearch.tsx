/** Finding a machine from anywhere: `/`, some letters, Enter. */
import { ActionIcon, Modal, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { useAssets } from "../api/queries";
import type { AssetRow } from "../api/types";
import { useText } from "../i18n";

const SHOWN_MAX = 12;

/** Whether every word of `search` is somewhere in what is known of a machine. */
export function matches(asset: AssetRow, search: string, words: string): boolean {
  const text =
    `${asset.name} ${asset.id} ${asset.ips.join(" ")} ${asset.macs.join(" ")} ${asset.vendor ?? ""} ${asset.model ?? ""} ${asset.order_number ?? ""} ${asset.zone ?? ""} ${words}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((part) => text.includes(part));
}

export function MachineSearch() {
  const { t, word } = useText();
  const [isOpen, open] = useState(false);
  const [search, setSearch] = useState("");
  const [chosen, choose] = useState(0);
  const navigate = useNavigate();
  useEffect(() => {
    const show = () => open(true);
    window.addEventListener("vigie-search", show);
    return () => window.removeEventListener("vigie-search", show);
  }, []);
  const close = () => {
    open(false);
    setSearch("");
    choose(0);
  };
  return (
    <>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={t("shell.search")}
        title={`${t("shell.search")} ( / )`}
        onClick={() => open(true)}
      >
        <svg
          width="16"
          height="16"
          viewBox="0 0 16 16"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.600"
          aria-hidden="true"
        >
          <circle cx="7" cy="7" r="4.500" />
          <path d="M10.500 10.500 14 14" />
        </svg>
      </ActionIcon>
      <Modal
        opened={isOpen}
        onClose={close}
        title={t("shell.search")}
        yOffset="8vh"
        closeButtonProps={{ "aria-label": t("common.close") }}
      >
        {isOpen && (
          <Results
            search={search}
            setSearch={setSearch}
            chosen={chosen}
            choose={choose}
            word={word}
            go={(id) => {
              close();
              void navigate({ to: "/plant/$id", params: { id } });
            }}
          />
        )}
      </Modal>
    </>
  );
}

function Results(props: {
  search: string;
  setSearch: (search: string) => void;
  chosen: number;
  choose: (index: number) => void;
  word: (set: string, word: string) => string;
  go: (id: string) => void;
}) {
  const { t } = useText();
  const assets = useAssets();
  const { search, chosen, word } = props;
  const found = useMemo(
    () => (assets.data ?? []).filter((asset) => matches(asset, search, word("role", asset.role))).slice(0, SHOWN_MAX),
    [assets.data, search, word],
  );
  return (
    <>
      <TextInput
        data-autofocus
        value={search}
        aria-label={t("shell.search")}
        placeholder={t("shell.search.hint")}
        role="combobox"
        aria-expanded="true"
        aria-controls="found"
        aria-activedescendant={found[chosen] ? `found-${chosen}` : undefined}
        onChange={(event) => {
          props.setSearch(event.currentTarget.value);
          props.choose(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") props.choose(Math.min(chosen + 1, found.length - 1));
          else if (event.key === "ArrowUp") props.choose(Math.max(chosen - 1, 0));
          else if (event.key === "Enter" && found[chosen]) props.go(found[chosen].id);
          else return;
          event.preventDefault();
        }}
      />
      <div id="found" role="listbox" aria-label={t("plant.list")} className="found">
        {found.map((asset, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field above.
          <div
            key={asset.id}
            id={`found-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            onClick={() => props.go(asset.id)}
            onMouseEnter={() => props.choose(index)}
          >
            <span className="strong">{asset.name}</span>{" "}
            <span className="dim">{asset.name === asset.ips[0] ? "" : asset.ips[0]}</span>
            <span className="dim small" style={{ float: "right" }}>
              {word("role", asset.role)}
            </span>
          </div>
        ))}
        {assets.data && found.length === 0 && <p className="dim">{t("shell.search.none")}</p>}
      </div>
    </>
  );
}
