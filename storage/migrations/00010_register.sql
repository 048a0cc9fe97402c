-- +goose Up

-- The register as the operators' portals have it. Rows change; what a message was sent as stands in its own row.

CREATE TABLE harkara.entity (
    id     text PRIMARY KEY,
    name   text NOT NULL, -- empty where no import has named it
    active boolean NOT NULL
);

-- A header belongs to one entity. Exports of several operators do not promise that, so the key allows for more; an
-- import of templates refuses it.
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
    content    text NOT NULL, -- to the byte, with its tags
    category   text NOT NULL,
    var_types  text[] NOT NULL, -- those registered beside the text
    active     boolean NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE harkara.template_header (
    template text NOT NULL REFERENCES harkara.template,
    header   text NOT NULL,
    PRIMARY KEY (template, header)
);

-- Counts the changes of the register; a running gateway polls it.
CREATE TABLE harkara.register_version (
    single  boolean PRIMARY KEY DEFAULT true CHECK (single),
    version bigint NOT NULL
);
INSERT INTO harkara.register_version VALUES (true, 1);

-- +goose Down
DROP TABLE harkara.register_version, harkara.template_header, harkara.template, harkara.header, harkara.entity;
