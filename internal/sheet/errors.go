package sheet

import (
	"strings"

	"yanzheng/models"
)

// What can be wrong with a file as a whole.
var (
	ErrEmpty     = models.NewError(models.KindMalformed, "file_empty", "文件是空的", "The file is empty")
	ErrUTF16     = models.NewError(models.KindMalformed, "file_utf16", "文件为 UTF-16 编码，请另存为“CSV UTF-8”或 .xlsx 后再上传", "The file is UTF-16; save it as “CSV UTF-8” or .xlsx and try again")
	ErrBinary    = models.NewError(models.KindMalformed, "file_binary", "文件不是表格：请提供 CSV 或 .xlsx 文件", "The file is not a table: bring a CSV or .xlsx file")
	ErrXLS       = models.NewError(models.KindMalformed, "file_xls", "不支持旧版 .xls 文件，请另存为 .xlsx 或 CSV", "Old .xls files are not supported; save it as .xlsx or CSV")
	ErrEncrypted = models.NewError(models.KindMalformed, "file_encrypted", "文件设有密码，请取消密码后再上传", "The file is protected by a password; remove it and try again")
	ErrBroken    = models.NewError(models.KindMalformed, "xlsx_broken", "无法读取该 .xlsx 文件，文件可能已损坏", "The .xlsx file cannot be read, it may be damaged")
	ErrNoSheet   = models.NewError(models.KindMalformed, "xlsx_no_sheet", "该 .xlsx 文件中没有可见的工作表", "The .xlsx file has no visible worksheet")
	ErrTooLarge  = models.NewError(models.KindTooLarge, "xlsx_too_large", "该 .xlsx 文件解压后过大", "The .xlsx file is too large when unpacked")
	ErrHeader    = models.NewError(models.KindMalformed, "header_unreadable", "无法读取表头（第一行）", "The header, the first line, cannot be read")
	ErrMissing   = models.NewError(models.KindMalformed, "columns_missing", "表头缺少列", "The header lacks these columns")
	ErrRepeated  = models.NewError(models.KindMalformed, "columns_repeated", "表头中有重复的列", "The header repeats these columns")
)

// naming returns a copy of e that names the columns at fault, in its sentence and in its Field.
func naming(e *models.Error, columns []string) *models.Error {
	c := e.On(strings.Join(columns, ","))
	c.Message.ZH += "：" + strings.Join(columns, "、")
	c.Message.EN += ": " + strings.Join(columns, ", ")
	return c
}

// RowError says why one row cannot be used.
type RowError struct {
	Column  string // the column's name in the Spec, lower-cased; empty when it is about the whole row
	Reason  string // one of the Reason constants, stable
	Message models.Text
}

// The reasons for which a row cannot be used.
const (
	ReasonLineTooLong  = "line_too_long"         // over 64 KiB
	ReasonQuotes       = "bad_quotes"            // a quote is not closed on its line, or stands inside a cell
	ReasonEncoding     = "bad_encoding"          // bytes that the file's encoding does not have, or a replacement character
	ReasonTooManyCells = "too_many_cells"        // something stands beyond the header's last column
	ReasonTooFewCells  = "too_few_cells"         // the line ends before the header's last column
	ReasonControl      = "control_character"     // a control character inside a cell, a line break for example
	ReasonLostDigits   = "number_lost_digits"    // a number of more than 15 digits, which spreadsheets do not keep
	ReasonNumber       = "bad_number"            // a numeric cell that holds no number
	ReasonDate         = "bad_date"              // a cell formatted as a date that holds none
	ReasonCell         = "cell_error"            // an error value such as #N/A
	ReasonFormula      = "formula_without_value" // a formula whose result was not saved
)

func messageOf(reason string) models.Text {
	switch reason {
	case ReasonLineTooLong:
		return models.Text{ZH: "该行超过 64 KiB", EN: "The line is longer than 64 KiB"}
	case ReasonQuotes:
		return models.Text{ZH: "引号不成对，或单元格内有换行", EN: "A quote is not closed on its line"}
	case ReasonEncoding:
		return models.Text{ZH: "该行含有无法识别的字符（编码错误）", EN: "The line holds characters that cannot be decoded"}
	case ReasonTooManyCells:
		return models.Text{ZH: "该行的单元格多于表头的列", EN: "The line has more cells than the header has columns"}
	case ReasonTooFewCells:
		return models.Text{ZH: "该行的单元格少于表头的列", EN: "The line has fewer cells than the header has columns"}
	case ReasonControl:
		return models.Text{ZH: "单元格含有控制字符（如换行）", EN: "The cell holds a control character, such as a line break"}
	case ReasonLostDigits:
		return models.Text{ZH: "超过 15 位的号码被存为数字，末位已丢失，请将该列设为文本格式后重新填写", EN: "A number of more than 15 digits has lost its last ones; format the column as text and enter it again"}
	case ReasonNumber:
		return models.Text{ZH: "单元格中的数字无法识别", EN: "The number in the cell cannot be read"}
	case ReasonDate:
		return models.Text{ZH: "单元格中的日期无法识别", EN: "The date in the cell cannot be read"}
	case ReasonCell:
		return models.Text{ZH: "单元格的值是错误值（如 #N/A）", EN: "The cell holds an error value, such as #N/A"}
	case ReasonFormula:
		return models.Text{ZH: "公式的结果未保存，请用表格软件打开并保存后再上传", EN: "The result of a formula was not saved; open and save the file in a spreadsheet program"}
	}
	return models.Text{}
}

// badRow is the row that stands for a line that cannot be used.
func badRow(line int, column, reason string) Row {
	return Row{Line: line, Err: &RowError{Column: column, Reason: reason, Message: messageOf(reason)}}
}
