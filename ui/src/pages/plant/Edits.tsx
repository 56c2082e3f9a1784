/** What people say of a machine: the form, and what was changed by whom. */
import { Button, Modal, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api } from "../../api/client";
import { queryClient } from "../../api/queries";
import type { Asset, AssetPatch, Edit } from "../../api/types";
import { Box, Empty, Failure, Time } from "../../components/basics";
import * as format from "../../format";
import { useText } from "../../i18n";
import { en } from "../../i18n/en";

const FIELDS = ["name", "role", "importance", "zone", "owner", "location", "note"] as const;
type FieldName = (typeof FIELDS)[number];

/** Fields that people said something of, the newest first. */
export function editsOf(asset: Asset): (Edit & { field: string })[] {
  return Object.entries(asset.edits)
    .map(([field, edit]) => ({ field, ...edit }))
    .sort((a, b) => b.at.localeCompare(a.at));
}

const roles = Object.keys(en)
  .filter((key) => key.startsWith("role."))
  .map((key) => key.slice("role.".length));

export function EditMachine({ asset, isOpen, onClose }: { asset: Asset; isOpen: boolean; onClose: () => void }) {
  const { t, word } = useText();
  const current: Partial<Record<FieldName, string>> = Object.fromEntries(
    editsOf(asset).map((edit) => [edit.field, edit.value]),
  );
  const [form, setForm] = useState<Partial<Record<FieldName, string>>>({});
  // biome-ignore lint/correctness/useExhaustiveDependencies: the form starts anew each time it is opened.
  useEffect(() => setForm(isOpen ? current : {}), [isOpen]);
  const save = useMutation({
    mutationFn: () => {
      const patch: AssetPatch = {};
      for (const field of FIELDS) {
        const value = (form[field] ?? "").trim();
        if (value !== (current[field] ?? "")) patch[field] = value || null;
      }
      return api.patch(`/assets/${encodeURIComponent(asset.id)}`, patch);
    },
    onSuccess: () => {
      for (const key of ["asset", "assets", "map"]) void queryClient.invalidateQueries({ queryKey: [key] });
      onClose();
    },
  });
  const text = (field: FieldName, placeholder: string, label: string) => (
    <TextInput
      label={label}
      placeholder={placeholder}
      value={form[field] ?? ""}
      onChange={(event) => {
        const value = event.currentTarget.value;
        setForm((old) => ({ ...old, [field]: value }));
      }}
      maxLength={200}
    />
  );
  const choice = (field: "role" | "importance", words: readonly string[], label: string) => (
    <Select
      label={label}
      placeholder={t("machine.edit.unset")}
      data={words
        .map((value) => ({ value, label: word(field, value) }))
        .sort((a, b) => (field === "role" ? a.label.localeCompare(b.label) : 0))}
      value={form[field] || null}
      onChange={(value) => setForm((old) => ({ ...old, [field]: value ?? "" }))}
      clearable
      searchable={field === "role"}
    />
  );
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t("machine.edit")}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <p className="dim small">{t("machine.edit.about")}</p>
        {text("name", asset.name, t("machine.edit.name"))}
        {choice("role", roles, t("asset.role"))}
        {choice("importance", ["critical", "high", "medium", "low"], t("asset.importance"))}
        {text("zone", "", t("machine.edit.zone"))}
        {text("owner", "", t("machine.edit.owner"))}
        {text("location", "", t("machine.edit.location"))}
        <Textarea
          label={t("machine.edit.note")}
          value={form.note ?? ""}
          onChange={(event) => {
            const value = event.currentTarget.value;
            setForm((old) => ({ ...old, note: value }));
          }}
          autosize
          minRows={2}
          maxLength={4000}
        />
        {save.error ? <Failure error={save.error} /> : null}
        <div className="row" style={{ justifyContent: "flex-end" }}>
          <Button variant="default" onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t("common.save")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}

export function EditTable({ asset }: { asset: Asset }) {
  const { t, word } = useText();
  const edits = editsOf(asset);
  return (
    <Box flush>
      {edits.length === 0 ? (
        <Empty title={t("machine.edits.none")}>{t("machine.edits.none.about")}</Empty>
      ) : (
        <div className="scroll">
          <table className="plain">
            <thead>
              <tr>
                <th>{t("common.time")}</th>
                <th>{t("machine.edits.by")}</th>
                <th>{t("machine.edits.field")}</th>
                <th>{t("machine.value")}</th>
              </tr>
            </thead>
            <tbody>
              {edits.map((edit, index) => (
                <tr key={`${edit.at} ${edit.field} ${index}`}>
                  <td>
                    <Time at={edit.at} />
                  </td>
                  <td>{edit.by}</td>
                  <td>{word("editfield", edit.field)}</td>
                  <td className="wrap" style={{ whiteSpace: "pre-wrap" }}>
                    {edit.field === "role" || edit.field === "importance"
                      ? word(edit.field, edit.value)
                      : format.clean(edit.value, 4_000)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Box>
  );
}
