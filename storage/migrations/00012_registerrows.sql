-- +goose Up

-- The register with its history: a change is a new row, and nothing is overwritten or deleted.

-- One import that was carried out, also where it changed nothing.
CREATE TABLE harkara.register_import (
    id          bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    version     bigint NOT NULL, -- of the register after it
    kind        text NOT NULL, -- what the file held: templates, headers, entities, ctas, ...
    shape       text NOT NULL, -- whose portal writes such columns
    file        text NOT NULL,
    digest      bytea, -- SHA-256 of the file
    imported_by text NOT NULL,
    imported_at timestamptz NOT NULL,
    added       integer NOT NULL, -- templates, headers, ...; of refused: rows of the file
    changed     integer NOT NULL,
    unchanged   integer NOT NULL,
    refused     integer NOT NULL,
    mark        uuid NOT NULL DEFAULT gen_random_uuid() -- tells it from one of the same version in a database put back from a backup
);
CREATE INDEX register_import_version ON harkara.register_import (version, id); -- the first of a version made it

-- One version of one row. key is an entity's or a template's id, or else the parts that name the row, with a space
-- between: "HEADER entity", "template HEADER", "entity type value", "entity from smsc". Only the last part may hold a
-- space, so that no two rows have the same key. status, operator and validity stand in body too, which is what counts.
CREATE TABLE harkara.register_row (
    kind       text COLLATE "C" NOT NULL, -- entities, headers, templates, links, ctas, chains
    key        text COLLATE "C" NOT NULL,
    version    bigint NOT NULL, -- of the register that it came with
    import     bigint NOT NULL REFERENCES harkara.register_import,
    line       integer NOT NULL, -- of the file; 0: of none
    valid_from timestamptz,
    valid_to   timestamptz,
    status     text NOT NULL,
    operator   text NOT NULL,
    body       jsonb NOT NULL,
    PRIMARY KEY (kind, key, version)
);
CREATE INDEX register_row_version ON harkara.register_row (version);

-- +goose StatementBegin
CREATE FUNCTION harkara.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% keeps every version: add a row, % is not allowed', TG_TABLE_NAME, TG_OP;
END $$;
-- +goose StatementEnd

-- The rows from before, as they stand: of version 1, since none tells when it came. The import is of the newest, which
-- needs a mark.
INSERT INTO harkara.register_import (version, kind, shape, file, imported_by, imported_at, added, changed, unchanged, refused)
SELECT (SELECT version FROM harkara.register_version), 'templates', 'harkara', 'migration', 'migration', now(), (SELECT count(*) FROM harkara.template), 0, 0, 0
WHERE EXISTS (SELECT FROM harkara.entity);

INSERT INTO harkara.register_row (kind, key, version, import, line, status, operator, body)
SELECT kind, key, 1, (SELECT id FROM harkara.register_import), 0, status, '',
       jsonb_strip_nulls(body) || jsonb_build_object('status', status)
FROM (
    SELECT 'entities' AS kind, id AS key, active, jsonb_build_object('id', id, 'name', nullif(name, '')) AS body FROM harkara.entity
    UNION ALL
    SELECT 'headers', header || ' ' || entity, active, jsonb_build_object('header', header, 'entity', entity) FROM harkara.header
    UNION ALL
    SELECT 'templates', id, active, jsonb_build_object('id', id, 'entity', entity, 'name', nullif(name, ''), 'content', content,
           'category', category, 'var_types', CASE WHEN cardinality(var_types) > 0 THEN to_jsonb(var_types) END) FROM harkara.template
    UNION ALL
    SELECT 'links', template || ' ' || header, true, jsonb_build_object('template', template, 'header', header) FROM harkara.template_header
) r
CROSS JOIN LATERAL (SELECT CASE WHEN active THEN 'active' ELSE 'inactive' END AS status) s;

DROP TABLE harkara.template_header, harkara.template, harkara.header, harkara.entity;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON harkara.register_row
    FOR EACH STATEMENT EXECUTE FUNCTION harkara.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON harkara.register_import
    FOR EACH STATEMENT EXECUTE FUNCTION harkara.refuse_change();

-- For people: the rows as they now stand, with where each came from.
CREATE VIEW harkara.v_register AS
SELECT r.kind, r.key, r.version, r.status, r.operator, r.valid_from, r.valid_to, r.body, i.file, r.line, i.imported_by, i.imported_at
FROM (SELECT DISTINCT ON (kind, key) * FROM harkara.register_row ORDER BY kind DESC, key DESC, version DESC) r
JOIN harkara.register_import i ON i.id = r.import;

CREATE VIEW harkara.v_entity AS
SELECT key AS id, coalesce(body->>'name', '') AS name, status, operator, valid_from, valid_to, version, file, line, imported_by, imported_at
FROM harkara.v_register WHERE kind = 'entities';

CREATE VIEW harkara.v_header AS
SELECT body->>'header' AS header, body->>'entity' AS entity, status, operator, valid_from, valid_to, version, file, line, imported_by, imported_at
FROM harkara.v_register WHERE kind = 'headers';

CREATE VIEW harkara.v_link AS
SELECT body->>'template' AS template, body->>'header' AS header, status, operator, valid_from, valid_to, version, file, line, imported_by, imported_at
FROM harkara.v_register WHERE kind = 'links';

-- headers are those whose links are in force now; a link's key begins with its template's id and a space, and ! is what
-- follows a space.
CREATE VIEW harkara.v_template AS
SELECT t.key AS id, t.body->>'entity' AS entity, coalesce(t.body->>'name', '') AS name, t.body->>'category' AS category,
       t.body->>'content' AS content, t.body->>'raw' AS raw, t.body->>'rule' AS rule,
       ARRAY(SELECT jsonb_array_elements_text(coalesce(t.body->'var_types', '[]'))) AS var_types,
       ARRAY(SELECT l.body->>'header'
             FROM (SELECT DISTINCT ON (key) * FROM harkara.register_row
                   WHERE kind = 'links' AND key > t.key || ' ' AND key < t.key || '!' ORDER BY key, version DESC) l
             WHERE l.status = 'active' AND coalesce(l.valid_from <= now(), true) AND coalesce(l.valid_to > now(), true)
             ORDER BY l.key) AS headers,
       t.status, t.operator, t.valid_from, t.valid_to, t.version, t.file, t.line, t.imported_by, t.imported_at
FROM harkara.v_register t
WHERE t.kind = 'templates';

CREATE VIEW harkara.v_cta AS
SELECT body->>'entity' AS entity, body->>'type' AS type, body->>'value' AS value, coalesce(body->>'name', '') AS name,
       status, operator, valid_from, valid_to, version, file, line, imported_by, imported_at
FROM harkara.v_register WHERE kind = 'ctas';

CREATE VIEW harkara.v_chain AS
SELECT body->>'entity' AS entity, body->>'smsc' AS smsc, ARRAY(SELECT jsonb_array_elements_text(body->'ids')) AS ids,
       status, operator, valid_from, valid_to, version, file, line, imported_by, imported_at
FROM harkara.v_register WHERE kind = 'chains';

-- The version of the register that the message was checked against; null in rows from before. error_detail says in words why
-- a message was refused; it never holds a text, a code or a number.
ALTER TABLE harkara.message ADD COLUMN IF NOT EXISTS register bigint;
CREATE OR REPLACE VIEW harkara.v_message AS
SELECT m.tenant, m.id, m.ref,
       coalesce(t.state, m.state) AS state,
       m.class, m.template, m.header, m.entity, m.category,
       CASE WHEN t.key IS NULL THEN m.smsc ELSE t.smsc END AS smsc,
       m.segments, m.to_last4,
       CASE WHEN t.key IS NULL THEN m.error_stage ELSE t.error_stage END AS error_stage,
       CASE WHEN t.key IS NULL THEN m.error_code ELSE t.error_code END AS error_code,
       CASE WHEN t.key IS NULL THEN m.error_reason ELSE t.error_reason END AS error_reason,
       coalesce(t.possible_duplicate, m.possible_duplicate) AS possible_duplicate,
       m.requested_at,
       CASE WHEN t.key IS NULL THEN m.submitted_at ELSE t.submitted_at END AS submitted_at,
       CASE WHEN t.key IS NULL THEN m.final_at ELSE t.final_at END AS final_at,
       m.key, m.to_digest, m.register,
       CASE WHEN t.key IS NULL THEN m.error_detail ELSE t.error_detail END AS error_detail
FROM harkara.message m
LEFT JOIN (
    SELECT a.* FROM harkara.transition a
    WHERE NOT EXISTS (SELECT FROM harkara.transition b WHERE b.key = a.key AND b.fact > a.fact)
) t ON t.key = m.key;

-- +goose Down

-- message.register stays: v_message shows it, and no older program minds a column more.
CREATE TABLE harkara.entity (
    id     text PRIMARY KEY,
    name   text NOT NULL,
    active boolean NOT NULL
);
CREATE TABLE harkara.header (
    header text NOT NULL,
    entity text NOT NULL REFERENCES harkara.entity,
    active boolean NOT NULL,
    PRIMARY KEY (header, entity)
);
CREATE TABLE harkara.template (
    id         text PRIMARY KEY,
    entity     text NOT NULL REFERENCES harkara.entity,
    name       text NOT NULL,
    content    text NOT NULL,
    category   text NOT NULL,
    var_types  text[] NOT NULL,
    active     boolean NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE harkara.template_header (
    template text NOT NULL REFERENCES harkara.template,
    header   text NOT NULL,
    PRIMARY KEY (template, header)
);
INSERT INTO harkara.entity SELECT id, name, status = 'active' FROM harkara.v_entity;
INSERT INTO harkara.header SELECT header, entity, status = 'active' FROM harkara.v_header;
INSERT INTO harkara.template SELECT id, entity, name, content, category, var_types, status = 'active', imported_at FROM harkara.v_template;
INSERT INTO harkara.template_header SELECT template, header FROM harkara.v_link WHERE status = 'active';
DROP VIEW harkara.v_chain, harkara.v_cta, harkara.v_template, harkara.v_link, harkara.v_header, harkara.v_entity, harkara.v_register;
DROP TABLE harkara.register_row, harkara.register_import;
DROP FUNCTION harkara.refuse_change;
